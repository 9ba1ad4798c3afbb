import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PGlite } from '@electric-sql/pglite';

/** A Postgres that lives in this process, reached like any other. */
export interface PgliteServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const SSL_REQUEST = 80877103;

/** One message of the wire protocol: type, length (itself included), body. */
function message(type: string, ...body: readonly Buffer[]): Buffer {
  const content = Buffer.concat(body);
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

/** Authentication passed, key data (unused), ready and idle. */
const WELCOME = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('K', Buffer.alloc(8)),
  message('Z', Buffer.from('I')),
]);

/**
 * Serves PGlite over the Postgres wire protocol on loopback, so that the real driver runs the real SQL.
 * PGlite has one session: one connection at a time is served, more would share its transactions.
 */
export async function startPglite(): Promise<PgliteServer> {
  const db = await PGlite.create();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    serve(db, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await db.close();
    },
  };
}

function serve(db: PGlite, socket: Socket): void {
  let buffer = Buffer.alloc(0);
  let isStarted = false;
  let work = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    if (!isStarted) {
      if (buffer.length < 8 || buffer.length < buffer.readInt32BE(0)) return;
      const isSsl = buffer.readInt32BE(4) === SSL_REQUEST;
      buffer = buffer.subarray(buffer.readInt32BE(0));
      socket.write(isSsl ? 'N' : WELCOME);
      isStarted = !isSsl;
      return;
    }
    // A round of the protocol ends with Sync or Query; what is before is answered with it.
    let end = 0;
    for (let at = 0; at + 5 <= buffer.length;) {
      const next = at + 1 + buffer.readInt32BE(at + 1);
      if (next > buffer.length) break;
      const type = String.fromCharCode(buffer[at] ?? 0);
      if (type === 'X') {
        socket.end();
        return;
      }
      if (type === 'S' || type === 'Q') end = next;
      at = next;
    }
    if (end === 0) return;
    const round = Uint8Array.from(buffer.subarray(0, end));
    buffer = buffer.subarray(end);
    work = work
      .then(async () => void socket.write(await db.execProtocolRaw(round)))
      .catch((error: unknown) => void socket.destroy(error as Error));
  });
}
