import net from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP server for faults of the wire. */
export interface WireServer {
  readonly address: string;
  /** Everything that clients sent, in order. */
  received(): string;
}

/** Starts one that hands each connection to `onData` at its first bytes; it ends with the test. */
export async function startWireServer(
  onData: (socket: net.Socket, text: string, connection: number) => void,
): Promise<WireServer> {
  let received = '';
  let connections = 0;
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const connection = connections++;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      onData(socket, chunk.toString(), connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  );
  const { port } = server.address() as net.AddressInfo;
  return { address: `127.0.0.1:${port}`, received: () => received };
}
