import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../adapters/temporal/pid-lock.js';

/** A part of the local stack, as its pid file tells. */
export interface PartStatus {
  readonly name: string;
  readonly pid: number;
  /** False for a file left behind by a launcher that was killed. */
  readonly alive: boolean;
}

const SUFFIX = '.pid';

/** The folder of pid files under the data folder: `<name>.pid`, the number and a line break. */
export function runFolder(dataDir: string): string {
  return path.join(dataDir, 'run');
}

/** Records a part's process, so that a person can `kill -9 $(cat .paramedic/run/worker.pid)`. */
export function writePidFile(dataDir: string, name: string, pid: number): void {
  mkdirSync(runFolder(dataDir), { recursive: true });
  writeFileSync(path.join(runFolder(dataDir), name + SUFFIX), `${pid}\n`);
}

/** Forgets a part's process; nothing happens if the file is absent. */
export function removePidFile(dataDir: string, name: string): void {
  rmSync(path.join(runFolder(dataDir), name + SUFFIX), { force: true });
}

/** All parts on record, by name; empty if the stack never ran in this data folder. */
export function readPidFiles(dataDir: string): PartStatus[] {
  let names: string[];
  try {
    names = readdirSync(runFolder(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .flatMap((file) => {
      const pid = Number(readFileSync(path.join(runFolder(dataDir), file), 'utf8').trim());
      // Cut short by a full disk.
      if (!Number.isInteger(pid) || pid <= 0) return [];
      return [{ name: file.slice(0, -SUFFIX.length), pid, alive: isAlive(pid) }];
    });
}
