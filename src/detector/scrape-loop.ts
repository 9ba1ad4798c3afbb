import type { Polled, Poller, SourceTarget } from '../adapters/sources/source.js';
import { newTargetState, type TargetState } from './target-state.js';

/** Settings of the loop. */
export interface ScrapeLoopOptions {
  /** Polls at a time of targets that answer. */
  readonly maxConcurrent: number;
  /** Polls at a time of targets whose last poll failed: they wait in a queue of their own. */
  readonly maxConcurrentFailing: number;
  /** Called with each answer, at the instant at which the poll began. An error here is the poll's. */
  readonly onPolled: (target: SourceTarget, polled: Polled, atMs: number) => void;
  readonly onFailed: (target: SourceTarget, error: unknown, atMs: number) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

interface Entry {
  readonly poller: Poller;
  readonly state: TargetState;
  dueMs: number;
  isBusy: boolean;
  isRemoved: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Multiples of the golden ratio spread evenly over a period however many targets follow. */
const GOLDEN_RATIO = 0.618033988749895;

/**
 * Polls each target once a period, spread over it, with bounded concurrency. A poll never starts
 * while the target's last one runs: the missed turn is counted, the rhythm kept. Targets that fail
 * queue apart, so that a hundred that hang until their timeout can't delay the others.
 */
export class ScrapeLoop {
  readonly #entries = new Map<string, Entry>();
  readonly #queues = { steady: [] as Entry[], failing: [] as Entry[] };
  readonly #running = { steady: 0, failing: 0 };
  readonly #now: () => number;
  #isStarted = false;
  #added = 0;
  #idle: (() => void) | undefined;

  constructor(private readonly options: ScrapeLoopOptions) {
    this.#now = options.now ?? Date.now;
  }

  /** Adds a target, also while running. @throws RangeError for an id that is there already. */
  add(poller: Poller): void {
    const { target } = poller;
    if (this.#entries.has(target.id)) throw new RangeError(`target "${target.id}" is there twice`);
    const share = (this.#added++ * GOLDEN_RATIO) % 1;
    const entry: Entry = {
      poller,
      state: newTargetState(target),
      dueMs: share * target.periodMs,
      isBusy: false,
      isRemoved: false,
      timer: undefined,
    };
    this.#entries.set(target.id, entry);
    if (this.#isStarted) this.#schedule(entry, this.#now() + entry.dueMs);
  }

  /** Forgets a target; a poll under way ends unheard. False when there is none of that id. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.isRemoved = true;
    clearTimeout(entry.timer);
    return this.#entries.delete(id);
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const nowMs = this.#now();
    for (const entry of this.#entries.values()) this.#schedule(entry, nowMs + entry.dueMs);
  }

  /** Ends; resolves when no poll is under way any more. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    this.#queues.steady.length = 0;
    this.#queues.failing.length = 0;
    if (this.#running.steady + this.#running.failing === 0) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** State of every target, in the order of addition. */
  states(): readonly TargetState[] {
    return [...this.#entries.values()].map(({ state }) => ({ ...state }));
  }

  #schedule(entry: Entry, dueMs: number): void {
    entry.dueMs = dueMs;
    entry.timer = setTimeout(() => this.#due(entry), Math.max(0, dueMs - this.#now()));
  }

  #due(entry: Entry): void {
    const { periodMs } = entry.poller.target;
    const dueMs = entry.dueMs;
    // A stalled process or a stepped clock must not cause a burst of missed turns.
    const turns = Math.max(1, Math.ceil((this.#now() - dueMs) / periodMs));
    this.#schedule(entry, dueMs + turns * periodMs);
    if (entry.isBusy) {
      entry.state.skipped += 1;
      return;
    }
    entry.isBusy = true;
    entry.state.dueAtMs = dueMs;
    this.#queues[entry.state.failuresInRow > 0 ? 'failing' : 'steady'].push(entry);
    this.#next();
  }

  #next(): void {
    const { maxConcurrent, maxConcurrentFailing } = this.options;
    while (this.#running.steady < maxConcurrent && this.#queues.steady.length > 0) {
      void this.#poll(this.#queues.steady.shift()!, 'steady');
    }
    while (this.#running.failing < maxConcurrentFailing && this.#queues.failing.length > 0) {
      void this.#poll(this.#queues.failing.shift()!, 'failing');
    }
  }

  async #poll(entry: Entry, lane: 'steady' | 'failing'): Promise<void> {
    const { poller, state } = entry;
    this.#running[lane] += 1;
    const atMs = this.#now();
    const startedAt = performance.now();
    state.lateMs = Math.max(0, atMs - state.dueAtMs);
    state.maxLateMs = Math.max(state.maxLateMs, state.lateMs);
    try {
      const polled = await poller.poll(atMs);
      state.durationMs = performance.now() - startedAt;
      if (!entry.isRemoved && this.#isStarted) {
        this.options.onPolled(poller.target, polled, atMs);
        this.#succeeded(state, polled, atMs);
      }
    } catch (error) {
      state.durationMs = performance.now() - startedAt;
      if (!entry.isRemoved && this.#isStarted) {
        state.isUp = false;
        state.failuresInRow += 1;
        state.failures += 1;
        state.lastError = error instanceof Error ? error.message : String(error);
        state.lastErrorReason = reasonOf(error);
        state.lastErrorAtMs = atMs;
        this.options.onFailed(poller.target, error, atMs);
      }
    } finally {
      state.lastScrapeAtMs = atMs;
      state.scrapes += 1;
      entry.isBusy = false;
      this.#running[lane] -= 1;
      if (this.#isStarted) this.#next();
      else if (this.#running.steady + this.#running.failing === 0) this.#idle?.();
    }
  }

  #succeeded(state: TargetState, polled: Polled, atMs: number): void {
    state.isUp = polled.kind !== 'health' || polled.isHealthy;
    state.failuresInRow = state.isUp ? 0 : state.failuresInRow + 1;
    state.lastSuccessAtMs = atMs;
    if (polled.kind === 'health') {
      if (!polled.isHealthy) {
        state.lastError = polled.detail;
        state.lastErrorReason = 'unhealthy';
        state.lastErrorAtMs = atMs;
      }
      return;
    }
    state.bytes = polled.bytes;
    state.samples = polled.kind === 'exposition' ? polled.exposition.count : polled.samples.length;
  }
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('reason' in error && typeof error.reason === 'string') return error.reason;
  if ('fault' in error && typeof error.fault === 'string') return error.fault;
  return 'internal';
}
