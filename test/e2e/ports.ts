import net from 'node:net';

/** Ports of one stack: a block of neighbours, since the engines' follow from one base. */
export interface StackPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly server: number;
  readonly detector: number;
  readonly gateway: number;
  readonly runtime: number;
  readonly supervisor: number;
  /** Of a second one, where a test runs two. */
  readonly secondDetector: number;
  /** Engine n listens on this plus n. */
  readonly engineBase: number;
}

/** Below the range that Linux gives to outgoing connections (32768 on), which come and go. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const BLOCK = 16;
const TRIES = 50;

/**
 * A block of ports of loopback that were free a moment ago.
 *
 * @throws Error if none is found.
 */
export async function freePorts(): Promise<StackPorts> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = LOWEST + Math.floor((Math.random() * (HIGHEST - LOWEST)) / BLOCK) * BLOCK;
    const block = Array.from({ length: BLOCK }, (_, i) => first + i);
    const free = await Promise.all(block.map(isFree));
    if (!free.every(Boolean)) continue;
    return {
      temporal: first,
      temporalUi: first + 1,
      server: first + 2,
      detector: first + 3,
      gateway: first + 4,
      runtime: first + 5,
      supervisor: first + 6,
      engineBase: first + 7,
      secondDetector: first + BLOCK - 1,
    };
  }
  throw new Error(`no ${BLOCK} free ports in a row between ${LOWEST} and ${HIGHEST}`);
}

/** Whether nobody listens there now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}
