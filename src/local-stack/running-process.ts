import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessExit } from '../adapters/temporal/dev-server.js';
import { eachLine } from '../adapters/temporal/each-line.js';

/** A process that is ready to work. */
export interface RunningProcess {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>;
  /** Asks with SIGTERM, kills its whole group after `withinMs`, resolves when it is gone. */
  stop(withinMs: number): Promise<void>;
}

/** What to run, and how to see that it is ready. */
export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line of output, standard error's too, before it is judged. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void;
  /** Whether this line of standard output says that the process is up. */
  readonly isReady: (line: string) => boolean;
  readonly readyWithinMs: number;
}

/** Told of a process as soon as there is one and when it has ended; able to give up a start. */
export interface StartHooks {
  readonly onSpawn: (pid: number) => void;
  readonly onExit: (pid: number) => void;
  readonly signal: AbortSignal;
}

/** How much of its output a process that died at start is quoted with. */
const QUOTED_LINES = 8;

/**
 * Starts a process and waits for its line of readiness.
 *
 * Its standard input is a pipe that closes when this process dies (see `exitWithParent`), and it
 * leads a group of its own, so that the terminal's Ctrl-C doesn't reach it.
 *
 * @throws Error with its last lines if it ends or isn't ready in time, or the signal's reason;
 *   it and its group are gone then.
 */
export async function startProcess(plan: ProcessPlan, hooks: StartHooks): Promise<RunningProcess> {
  hooks.signal.throwIfAborted();
  const child = spawn(plan.command, plan.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: plan.env,
  });
  const lastLines: string[] = [];
  const heard = (from: 'stdout' | 'stderr') => (line: string) => {
    lastLines.push(line);
    if (lastLines.length > QUOTED_LINES) lastLines.shift();
    plan.onLine(line, from);
  };
  const exited = exitOf(child);
  const ready = new Promise<void>((resolve) => {
    eachLine(child.stdout, (line) => {
      heard('stdout')(line);
      if (plan.isReady(line)) resolve();
    });
    eachLine(child.stderr, heard('stderr'));
  });
  const { pid } = child;
  if (pid !== undefined) {
    hooks.onSpawn(pid);
    void exited.then(() => hooks.onExit(pid));
  }

  try {
    await readyInTime(plan, ready, exited, hooks.signal);
  } catch (error) {
    await stop(child, exited, 0);
    if (hooks.signal.aborted) throw error;
    const quoted = lastLines.map((line) => `\n    ${line.slice(0, 400)}`).join('');
    throw new Error(`${(error as Error).message}${quoted}`, { cause: error });
  }
  return {
    // Known, since the process has spoken.
    pid: child.pid!,
    exited,
    stop: (withinMs) => stop(child, exited, withinMs),
  };
}

/** Words for how a process ended, e.g. `SIGKILL` or `exit code 1`. */
export function exitWords({ code, signal }: ProcessExit): string {
  return signal ?? (code === null ? 'could not be started' : `exit code ${code}`);
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    // `close` comes after the last line of output, `exit` may come before; but a grandchild that
    // inherited the output would hold `close` back for as long as it lives.
    child.once('exit', (code, signal) => {
      killGroup(child.pid);
      const settle = (): void => resolve({ code, signal });
      child.once('close', settle);
      setTimeout(settle, 500).unref();
    });
    child.once('error', () => resolve({ code: null, signal: null }));
    // Writing to a process that has just died must not end the launcher.
    child.stdin?.on('error', () => undefined);
  });
}

async function readyInTime(
  { readyWithinMs }: ProcessPlan,
  ready: Promise<void>,
  exited: Promise<ProcessExit>,
  signal: AbortSignal,
): Promise<void> {
  const timer = new AbortController();
  const either = AbortSignal.any([signal, timer.signal]);
  try {
    await Promise.race([
      ready,
      exited.then((exit) => {
        throw new Error(`ended at start (${exitWords(exit)})`);
      }),
      sleep(readyWithinMs, undefined, { signal: either }).then(() => {
        throw new Error(`was not ready within ${readyWithinMs} ms`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}

async function stop(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  withinMs: number,
): Promise<void> {
  if (child.pid === undefined) return;
  if (withinMs > 0) child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child.pid), withinMs);
  await exited;
  clearTimeout(timer);
}

/** Also what the process itself started and left behind. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
