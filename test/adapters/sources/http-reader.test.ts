import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpReader } from '../../../src/adapters/sources/http-reader.js';
import { prometheusText } from '../../../src/adapters/sources/prometheus-text.js';
import { SeriesTable } from '../../../src/adapters/sources/series-table.js';
import { serve } from './local-server.js';

function readerOf(): HttpReader {
  const reader = new HttpReader(() => 1, 500);
  onTestFinished(() => reader.close());
  return reader;
}

async function text(reader: HttpReader, url: string, timeoutMs = 1000): Promise<string> {
  const body = await reader.get({ url: new URL(url), headers: {}, timeoutMs, bodyLimit: 1e6 });
  const read = body.buffer.toString('utf8', 0, body.length);
  body.release();
  return read;
}

describe('http reader', () => {
  it('keeps one connection to an origin', async () => {
    const sockets = new Set<net.Socket>();
    const origin = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('x'.repeat(300_000));
    });
    const reader = readerOf();
    for (let i = 0; i < 5; i += 1) expect(await text(reader, origin)).toHaveLength(300_000);
    expect(sockets.size).toBe(1);
  });

  it('asks again when the server has closed the kept connection', async () => {
    // Answers once per connection, promises to keep it, and closes it when it is asked again.
    let connections = 0;
    const server = net.createServer((socket) => {
      connections += 1;
      let answered = false;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        if (answered) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        answered = true;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const reader = readerOf();
    onTestFinished(() => reader.close());
    const { port } = server.address() as net.AddressInfo;
    for (let i = 0; i < 3; i += 1)
      expect(await text(reader, `http://127.0.0.1:${port}/`)).toBe('ok');
    expect(connections).toBe(3);
  });

  it('gives up on time although bytes keep coming, and is well afterwards', async () => {
    let isSlow = true;
    const origin = await serve((_, response) => {
      if (!isSlow) return void response.end('ok');
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const reader = readerOf();
    const began = performance.now();
    await expect(text(reader, origin, 200)).rejects.toMatchObject({ reason: 'timeout' });
    expect(performance.now() - began).toBeLessThan(600);
    isSlow = false;
    expect(await text(reader, origin)).toBe('ok');
  });

  it('does not read a body that says it is too long', async () => {
    const origin = await serve((_, response) => {
      response.setHeader('content-length', 2e6);
      response.write('x');
    });
    await expect(text(readerOf(), origin)).rejects.toMatchObject({ reason: 'rejected' });
  });
});

describe('prometheus text target', () => {
  it('sends headers and secrets, and shows none of them', async () => {
    let seen: unknown;
    const origin = await serve((request, response) => {
      seen = [request.headers['authorization'], request.headers['x-scope'], request.url];
      response.end('a 1\n');
    });
    const url = new URL('/metrics?x=1', origin);
    url.username = 'user';
    url.password = 'p4ss';
    const source = prometheusText.create(
      prometheusText.schema.parse({
        targets: [{ url: url.href, service: 's', replica: 'r', headers: { 'X-Scope': 'tenant' } }],
      }),
      { table: new SeriesTable() },
    );
    onTestFinished(() => source.close());
    expect(await source.pollers[0]!.poll(0)).toMatchObject({ kind: 'exposition', bytes: 4 });
    const basic = Buffer.from('user:p4ss').toString('base64');
    expect(seen).toEqual([`Basic ${basic}`, 'tenant', '/metrics?x=1']);
    expect(JSON.stringify(source.pollers[0]!.target)).not.toMatch(/p4ss|user:|x=1/);
  });

  it('says which secret is missing', async () => {
    const source = prometheusText.create(
      prometheusText.schema.parse({
        targets: [
          { url: 'http://127.0.0.1:1/', service: 's', bearerToken: { env: 'NO_SUCH_TOKEN' } },
        ],
      }),
      { table: new SeriesTable() },
    );
    onTestFinished(() => source.close());
    await expect(source.pollers[0]!.poll(0)).rejects.toMatchObject({
      reason: 'unauthorized',
      message: expect.stringContaining('NO_SUCH_TOKEN') as string,
    });
  });
});
