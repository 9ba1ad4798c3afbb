import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../src/compose/http-listener.js';

/** As in production, only sooner. */
const SOON = {
  headersTimeout: 300,
  requestTimeout: 600,
  connectionsCheckingInterval: 50,
  keepAliveTimeout: 5_000,
};

async function serving() {
  const app = new Hono();
  app.get('/', (context) => context.text('well'));
  // The body that was cut off is no fault.
  app.post('/', async (context) => context.text(await context.req.text().catch(() => '')));
  const at = { host: '127.0.0.1', port: 0, setting: 'none' };
  const listener = await listen(app, at, SOON);
  onTestFinished(() => listener.stop());
  return listener.port;
}

/** Sends a beginning, then a byte every 20 ms, until the server has enough; what it answered. */
async function drip(port: number, beginning: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  // What is dripped into a connection that was closed may come back as an error.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(beginning);
  const timer = setInterval(() => socket.write('x'), 20);
  onTestFinished(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return text(socket).catch(() => '');
}

describe('who sends slowly', () => {
  it.each([
    ['headers', 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: '],
    ['a body', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n'],
  ])('is cut off in the middle of %s, and holds up nobody meanwhile', async (_, beginning) => {
    const port = await serving();
    const slow = Array.from({ length: 50 }, () => drip(port, beginning));
    const quick = await fetch(`http://127.0.0.1:${port}/`);
    expect(await quick.text()).toBe('well');
    for (const answer of await Promise.all(slow)) {
      // Node answers 408 where the connection still takes it.
      expect(answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    }
  });
});

describe('a port that is taken', () => {
  it('is named, with the setting that changes it', async () => {
    const port = await serving();
    const again = listen(new Hono(), { host: '127.0.0.1', port, setting: 'server.port' });
    await expect(again).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    await expect(again).rejects.toThrow('server.port');
  });
});
