import net from 'node:net';

/** A relay in front of a runtime API that keeps the commands it passed on. */
export interface RecordingRelay {
  readonly address: string;
  /** Commands that may change something, in the order they were sent. */
  writes(): readonly string[];
  stop(): Promise<void>;
}

/** Starts a relay to `target`, a unix socket's path or `host:port`. */
export async function startRecordingRelay(target: string): Promise<RecordingRelay> {
  const commands: string[] = [];
  const open = new Set<net.Socket>();
  const server = net.createServer((inbound) => {
    const [host = '', port = ''] = target.split(':');
    const outbound = target.startsWith('/') ? net.connect(target) : net.connect(Number(port), host);
    for (const socket of [inbound, outbound]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      // An error closes the socket, and with it the pipe; the client sees the connection end.
      socket.on('error', () => socket.destroy());
    }
    inbound.on('data', (chunk: Buffer) => commands.push(...chunk.toString().trim().split('\n')));
    inbound.pipe(outbound).pipe(inbound);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    writes: () => commands.filter((command) => !/^(show|get) /.test(command)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
