import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessExit } from '../adapters/temporal/dev-server.js';
import { exitWords, type RunningProcess, type StartHooks } from './running-process.js';

/** What a supervised process goes through, for people and for pid files. */
export type SupervisionEvent =
  | { readonly kind: 'spawned' | 'ended'; readonly pid: number }
  | {
      readonly kind: 'died';
      readonly pid: number;
      readonly exit: ProcessExit;
      readonly restartInMs: number;
    }
  | { readonly kind: 'restarted'; readonly pid: number; readonly downMs: number }
  | { readonly kind: 'restart-failed'; readonly problem: string; readonly restartInMs: number };

/** A part of the stack that is kept running. */
export interface SupervisedPart {
  readonly name: string;
  /** One start, from nothing to ready. Called again after each death. */
  readonly start: (hooks: StartHooks) => Promise<RunningProcess>;
  readonly onEvent: (event: SupervisionEvent) => void;
  /** Bound on its orderly end, before its group is killed. */
  readonly stopWithinMs: number;
}

/** The first restart comes quickly, since a kill -9 is nothing to wait for. */
const FIRST_BACKOFF_MS = 500;
/** A process that keeps dying must not use up the machine. */
const MAX_BACKOFF_MS = 10_000;
/** After this long without a death the next one counts as the first. */
const CALM_MS = 30_000;

/** Keeps one process running until it is told to stop. */
export class Supervisor {
  private readonly abort = new AbortController();
  /** The start that is under way, or the process that it led to. */
  private current: Promise<RunningProcess> | undefined;
  private guarding: Promise<void> | undefined;

  constructor(private readonly part: SupervisedPart) {}

  /**
   * Starts the process for the first time.
   *
   * @throws what the start throws: a first failure is for a person; only later ones are retried.
   */
  async start(): Promise<RunningProcess> {
    const running = await this.startOnce();
    this.guarding = this.guard(running);
    return running;
  }

  /** Stops the process and the restarting, also in the middle of a start; nothing is left then. */
  async stop(): Promise<void> {
    this.abort.abort();
    // A failed start has cleaned up after itself, and whoever started it was told.
    const running = await this.current?.catch(() => undefined);
    await running?.stop(this.part.stopWithinMs);
    await this.guarding;
  }

  private async guard(first: RunningProcess): Promise<void> {
    let running = first;
    let backoffMs = FIRST_BACKOFF_MS;
    for (;;) {
      const upSinceMs = Date.now();
      const exit = await running.exited;
      if (this.abort.signal.aborted) return;
      if (Date.now() - upSinceMs > CALM_MS) backoffMs = FIRST_BACKOFF_MS;
      const diedAtMs = Date.now();
      this.part.onEvent({ kind: 'died', pid: running.pid, exit, restartInMs: backoffMs });
      const next = await this.restart(backoffMs);
      if (next === undefined) return;
      running = next.running;
      backoffMs = next.backoffMs;
      const downMs = Date.now() - diedAtMs;
      this.part.onEvent({ kind: 'restarted', pid: running.pid, downMs });
    }
  }

  /** Tries until it succeeds; undefined when told to stop. */
  private async restart(
    firstBackoffMs: number,
  ): Promise<{ running: RunningProcess; backoffMs: number } | undefined> {
    let backoffMs = firstBackoffMs;
    for (;;) {
      try {
        await sleep(backoffMs, undefined, { signal: this.abort.signal });
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        return { running: await this.startOnce(), backoffMs };
      } catch (error) {
        if (this.abort.signal.aborted) return undefined;
        const problem = (error as Error).message;
        this.part.onEvent({ kind: 'restart-failed', problem, restartInMs: backoffMs });
      }
    }
  }

  private startOnce(): Promise<RunningProcess> {
    this.current = this.part.start({
      onSpawn: (pid) => this.part.onEvent({ kind: 'spawned', pid }),
      onExit: (pid) => this.part.onEvent({ kind: 'ended', pid }),
      signal: this.abort.signal,
    });
    return this.current;
  }
}

/** One line about an event that a person wants to know of; undefined for the ordinary ones. */
export function eventWords(name: string, event: SupervisionEvent): string | undefined {
  switch (event.kind) {
    case 'spawned':
    case 'ended':
      return undefined;
    case 'died':
      return (
        `${name} (process ${event.pid}) died: ${exitWords(event.exit)}; ` +
        `restarting in ${event.restartInMs / 1000} s`
      );
    case 'restarted':
      return `${name} is back as process ${event.pid}, after ${(event.downMs / 1000).toFixed(1)} s`;
    case 'restart-failed':
      return `${name} did not come up: ${event.problem}; next try in ${event.restartInMs / 1000} s`;
  }
}
