import type { AddressInfo, ListenOptions, Server } from 'node:net';

/** Why a server could not start, in a form that the supervisor prints as one line. */
export class PortBusyError extends Error {
  constructor(
    readonly port: number,
    readonly flag: string,
    cause: unknown,
  ) {
    super(`port ${port} on 127.0.0.1 is not available; choose another with ${flag}`, { cause });
    this.name = 'PortBusyError';
  }
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Listens on loopback and resolves to the port in use; port 0 lets the system pick one.
 * Throws `PortBusyError`, which names the flag that changes the port.
 */
export async function listenOnLoopback(
  server: Server,
  port: number,
  flag: string,
): Promise<number> {
  try {
    await listen(server, { host: '127.0.0.1', port });
  } catch (error) {
    throw new PortBusyError(port, flag, error);
  }
  return (server.address() as AddressInfo).port;
}

/** Listens on a unix socket; the caller removes a stale file first. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await listen(server, { path });
}
