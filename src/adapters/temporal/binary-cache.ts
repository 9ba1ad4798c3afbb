import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquirePidLock } from './pid-lock.js';
import type { TemporalProgram } from './program.js';

/** How often a waiter looks whether another process has finished fetching. */
const WAIT_POLL_MS = 100;

/**
 * The folder that fetched programs are kept in: `PARAMEDIC_CACHE`, else `paramedic` in
 * `XDG_CACHE_HOME`, else `~/.cache/paramedic`. Empty variables count as unset.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env['PARAMEDIC_CACHE']) return path.resolve(env['PARAMEDIC_CACHE']);
  // An empty variable is an unset one, by the XDG base directory specification.
  return path.resolve(env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'paramedic');
}

/** Where the cache keeps this version of the program, whether it is there or not. */
export function cachedPath(cacheDir: string, program: TemporalProgram): string {
  return path.join(cacheDir, `${program.name}-${program.version}`, program.name);
}

/**
 * Puts a program into the cache, once, however many processes ask at the same time.
 *
 * `fetch` gets an empty folder and returns the path of the executable in it; the executable then
 * moves into place by renaming its folder, so that nobody ever sees half a file. While another
 * live process fetches, this one waits for its result; if that one fails, this one tries.
 *
 * @throws whatever `fetch` throws, or the signal's reason; the draft folder is removed.
 */
export async function installInCache(
  cacheDir: string,
  program: TemporalProgram,
  fetch: (draftDir: string) => Promise<string>,
  signal?: AbortSignal,
): Promise<string> {
  const destination = cachedPath(cacheDir, program);
  const lockFile = `${path.dirname(destination)}.lock`;
  for (;;) {
    if (existsSync(destination)) return destination;
    const lock = acquirePidLock(lockFile);
    if (lock.state === 'acquired') {
      try {
        if (!existsSync(destination)) await fetchInto(cacheDir, destination, fetch);
        return destination;
      } finally {
        lock.release();
      }
    }
    await sleep(WAIT_POLL_MS, undefined, { signal });
  }
}

async function fetchInto(
  cacheDir: string,
  destination: string,
  fetch: (draftDir: string) => Promise<string>,
): Promise<void> {
  // Drafts are in the cache itself: a rename is atomic only within one file system.
  const drafts = `.draft-${path.basename(path.dirname(destination))}-`;
  // Under the lock nobody else is at it: what is there was left by a process that was killed.
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith(drafts)) rmSync(path.join(cacheDir, name), { recursive: true });
  }
  const draftDir = path.join(cacheDir, drafts + randomUUID());
  const stagedDir = path.join(draftDir, 'staged');
  mkdirSync(stagedDir, { recursive: true });
  try {
    const executable = await fetch(path.join(draftDir, 'fetched'));
    const staged = path.join(stagedDir, path.basename(destination));
    renameSync(executable, staged);
    chmodSync(staged, 0o755);
    // A folder without its executable can only be the rest of a cache somebody cleaned by hand.
    rmSync(path.dirname(destination), { recursive: true, force: true });
    renameSync(stagedDir, path.dirname(destination));
  } finally {
    rmSync(draftDir, { recursive: true, force: true });
  }
}
