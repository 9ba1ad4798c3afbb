import { statfs } from 'node:fs/promises';
import os from 'node:os';

/** How the machine is on which this process runs. Shares are percent. */
export interface HostHealth {
  /** Load average of the last minute over the number of cores. */
  readonly loadPerCore: number;
  readonly memoryUsedPercent: number;
  /** Of the file system that holds the data. */
  readonly diskUsedPercent: number;
}

/** Reads it now. @throws Error when the folder can't be asked for its file system. */
export async function readHost(folder: string): Promise<HostHealth> {
  const { blocks, bavail } = await statfs(folder);
  const percent = (free: number, all: number) => (all === 0 ? 0 : 100 * (1 - free / all));
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    loadPerCore: round((os.loadavg()[0] ?? 0) / Math.max(1, os.cpus().length)),
    memoryUsedPercent: round(percent(os.freemem(), os.totalmem())),
    diskUsedPercent: round(percent(bavail, blocks)),
  };
}
