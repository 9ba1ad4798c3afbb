import net from 'node:net';

/** A port that is to be listened on is taken. The message names the port and its setting. */
export class PortBusyError extends Error {
  override readonly name = 'PortBusyError';

  constructor(
    readonly port: number,
    /** Path of the setting in the configuration file, e.g. `temporal.port`. */
    readonly setting: string,
    options?: ErrorOptions,
  ) {
    super(
      `port ${port} (${setting}) is in use by another program; ` +
        `set ${setting} to a free port in the configuration file`,
      options,
    );
  }
}

/**
 * Proves by listening for an instant that a port is free (of 127.0.0.1 unless told otherwise).
 *
 * @throws PortBusyError if it is taken, or may not be used (below 1024 without the right).
 * @throws RangeError if it is no port number.
 */
export function assertPortFree(port: number, setting: string, host = '127.0.0.1'): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`${setting}: ${port} is not a port; expected 1 to 65535`);
  }
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EACCES'
          ? new Error(`port ${port} (${setting}) needs more rights: choose one above 1023`, {
              cause,
            })
          : new PortBusyError(port, setting, { cause }),
      );
    });
    probe.listen({ port, host, exclusive: true }, () => {
      probe.close(() => resolve());
    });
  });
}

/** A port of loopback that was free a moment ago, for a program that can't be given port 0. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
