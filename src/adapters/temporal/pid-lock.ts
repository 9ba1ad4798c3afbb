import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The outcome of asking for a lock: ours until `release`, or another live process's. */
export type PidLock =
  | { readonly state: 'acquired'; readonly release: () => void }
  | { readonly state: 'held'; readonly pid: number };

/**
 * Whether a process with this id is alive, also when it belongs to another user. One that has
 * ended and only waits to be reaped by its parent is not: init may be in no hurry.
 *
 * @throws RangeError if `pid` is not a positive integer: 0 and negatives address process groups.
 */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) throw new RangeError(`process id ${pid} is not above 0`);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return statFields(pid)?.[0] !== 'Z';
}

/**
 * Takes the lock file for this process, without waiting.
 *
 * The file holds the pid and, where /proc tells it, the process's start time, so that a pid which
 * was given to another program after a reboot or in a new container does not hold the lock for
 * ever. A lock whose process is gone is taken over. The folder is created.
 *
 * @throws the file system's error if the folder can't be written.
 */
export function acquirePidLock(file: string): PidLock {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${process.pid} ${startTimeOf(process.pid)}\n`;
  for (;;) {
    if (createWith(file, mine)) {
      return { state: 'acquired', release: () => releaseIfMine(file, mine) };
    }
    const found = readIfThere(file);
    if (found === undefined) continue;
    const holder = liveHolder(found);
    if (holder !== undefined) return { state: 'held', pid: holder };
    removeStale(file, found);
  }
}

/** Creates the file with its content in one step: a reader never sees it empty. */
function createWith(file: string, content: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the stale file away first, so that of two takers only one can have removed it. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Someone may have taken the lock between the reading and the renaming: give it back.
  const moved = readIfThere(aside);
  if (moved !== undefined && moved !== stale) createWith(file, moved);
  rmSync(aside, { force: true });
}

function releaseIfMine(file: string, mine: string): void {
  if (readIfThere(file) === mine) rmSync(file, { force: true });
}

function liveHolder(content: string): number | undefined {
  const [pidText = '', startTime = ''] = content.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return startTimeOf(pid) === startTime ? pid : undefined;
}

/** Field 22 of /proc/PID/stat: clock ticks from boot to the process's start; `-` elsewhere. */
function startTimeOf(pid: number): string {
  return statFields(pid)?.[19] ?? '-';
}

/** The fields of /proc/PID/stat from the third one, the state, on; undefined where there is none. */
function statFields(pid: number): string[] | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may itself hold spaces.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // ESRCH: a process that ends while its /proc file is read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
