import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';

/** How to run a configured program. */
export interface ArgvRun {
  /** The program and its arguments, as they are: no shell sees them. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment; nothing is inherited, so that our secrets stay ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** The longest it may run before it is asked to stop (SIGTERM). */
  readonly timeoutMs: number;
  /** How long it may take to stop before it is killed (SIGKILL). */
  readonly killGraceMs: number;
  /** The longest standard output that is accepted. */
  readonly maxOutputBytes: number;
  /** What exit codes mean, beside `EXIT_REASONS`. */
  readonly exitReasons: Readonly<Record<string, AdapterErrorReason>>;
}

/** Meanings of exit codes by default (sysexits.h); every other one is `rejected`. */
const EXIT_REASONS: Readonly<Record<string, AdapterErrorReason>> = {
  '69': 'unreachable', // EX_UNAVAILABLE
  '75': 'unreachable', // EX_TEMPFAIL
  '77': 'unauthorized', // EX_NOPERM
};

/** Enough of what it complained about for a message. */
const MAX_COMPLAINT_CHARACTERS = 400;
/** How long output that a grandchild still holds open is waited for after the program's end. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Signals the program and all it started; it leads a process group of its own. */
function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group is gone: what the signal was for has happened.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function spawnError(run: ArgvRun, error: NodeJS.ErrnoException): AdapterError {
  const reason =
    error.code === 'ENOENT' ? 'not-found' : error.code === 'EACCES' ? 'unauthorized' : 'rejected';
  return new AdapterError(reason, `${run.argv[0]} can't be started: ${error.message}`, {
    cause: error,
  });
}

/**
 * Runs a program to its end and resolves to its standard output.
 *
 * @throws AdapterError `timeout` (it and its children were stopped; it may have acted),
 * `not-found` or `unauthorized` (it can't be started), and for an exit code other than 0 its
 * meaning, with the end of standard error in the message. A program that a signal ended is
 * `unreachable`; one that prints too much is `rejected`.
 */
export function runArgv(run: ArgvRun): Promise<string> {
  const [program, ...args] = run.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: run.cwd,
      env: run.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = '';
    let stopped: AdapterError | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    const stop = (error: AdapterError): void => {
      if (stopped !== undefined) return;
      stopped = error;
      signalGroup(child, 'SIGTERM');
      killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), run.killGraceMs);
    };
    const timer = setTimeout(
      () => stop(new AdapterError('timeout', `${program} had not ended after ${run.timeoutMs} ms`)),
      run.timeoutMs,
    );
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= run.maxOutputBytes) chunks.push(chunk);
      else
        stop(new AdapterError('rejected', `${program} printed over ${run.maxOutputBytes} bytes`));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('utf8')).slice(-MAX_COMPLAINT_CHARACTERS);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(spawnError(run, error));
    });
    child.once('exit', () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS).unref();
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      // A child that ignored SIGTERM must not go on acting after we said that it was stopped.
      if (stopped !== undefined) {
        signalGroup(child, 'SIGKILL');
        reject(stopped);
      } else if (code === 0) {
        resolve(Buffer.concat(chunks).toString('utf8'));
      } else {
        const how = code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${code}`;
        const reasons = { ...EXIT_REASONS, ...run.exitReasons };
        const reason = code === null ? 'unreachable' : (reasons[String(code)] ?? 'rejected');
        const words = complaint.trim().replace(/\s+/g, ' ');
        reject(new AdapterError(reason, `${program} ${how}${words === '' ? '' : `: ${words}`}`));
      }
    });
  });
}
