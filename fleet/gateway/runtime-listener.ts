import { existsSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { listenOnLoopback, listenOnSocket } from '../base/listen.js';

/** The longest command line, HAProxy's `tune.bufsize`. */
const maxLineLength = 16_384;

/** A client that connects and says nothing is let go after this time, as HAProxy does. */
const idleTimeoutMs = 10_000;

function serveConnection(socket: Socket, execute: (line: string) => string): void {
  let received = '';
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  // A client that goes away in the middle has nobody left to be told.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('utf8');
    const end = received.indexOf('\n');
    if (end < 0 && received.length <= maxLineLength) return;
    socket.removeAllListeners('data');
    socket.end(end < 0 ? '' : execute(received.slice(0, end)));
  });
}

/** Serves the runtime protocol, one line per connection, on loopback; resolves to the port. */
export async function serveRuntimePort(
  port: number,
  execute: (line: string) => string,
): Promise<number> {
  const server = createServer((socket) => serveConnection(socket, execute));
  return listenOnLoopback(server, port, '--runtime-port');
}

/**
 * Serves the runtime protocol on a unix socket that only its owner may use.
 * A file left by a killed gateway is replaced; the supervisor runs one gateway at a time.
 */
export async function serveRuntimeSocket(
  path: string,
  execute: (line: string) => string,
): Promise<Server> {
  if (existsSync(path)) unlinkSync(path);
  const server = createServer((socket) => serveConnection(socket, execute));
  const umask = process.umask(0o177);
  try {
    await listenOnSocket(server, path);
  } finally {
    process.umask(umask);
  }
  return server;
}
