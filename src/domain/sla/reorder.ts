import { PeriodEstimate, type PeriodState } from './period.js';

/** A sample's place in time and its payload. */
export interface Timed {
  readonly atMs: number;
  readonly value: number;
  readonly demandPerSecond: number | undefined;
}

/** Plain state of a `ReorderBuffer`. */
export interface ReorderState {
  readonly lastMs: number | undefined;
  readonly held: readonly Timed[];
  readonly period: PeriodState & { readonly sinceTaken: number };
}

/** What became of a sample: released or held in time, or not taken. */
export type Admission = 'taken' | 'late' | 'duplicate';

/**
 * Puts one stream's samples into the order of their event time.
 *
 * A sample that follows the last one by no more than one and a half periods is the next one: it is
 * released at once, so an orderly stream is never delayed. One that leaves a gap is held until the
 * missing ones have come or `latenessMs` has passed. Samples at a time already released are dropped
 * as late, or as duplicates if at the very time of the last one.
 */
export class ReorderBuffer {
  #lastMs: number | undefined;
  #held: Timed[] = [];
  #period = new PeriodEstimate();
  readonly #latenessMs: number;

  constructor(latenessMs: number) {
    this.#latenessMs = latenessMs;
  }

  get periodMs(): number | undefined {
    return this.#period.periodMs;
  }

  /** Event time of the last released sample. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** True when a sample at `atMs` would be released at once and without looking at held ones. */
  isNext(atMs: number): boolean {
    if (this.#held.length > 0) return false;
    if (this.#latenessMs === 0) return this.#lastMs === undefined || atMs > this.#lastMs;
    const period = this.#period.periodMs;
    return (
      period !== undefined &&
      this.#lastMs !== undefined &&
      atMs > this.#lastMs &&
      atMs - this.#lastMs <= 1.5 * period
    );
  }

  /** Notes that a sample for which `isNext` holds is released. */
  pass(atMs: number): void {
    if (this.#lastMs !== undefined) this.#period.add(atMs - this.#lastMs);
    this.#lastMs = atMs;
  }

  /** Takes a sample in; `release` hands out what is due. */
  admit(sample: Timed): Admission {
    if (this.#lastMs !== undefined && sample.atMs <= this.#lastMs) {
      return sample.atMs === this.#lastMs ? 'duplicate' : 'late';
    }
    let index = this.#held.length;
    while (index > 0 && this.#held[index - 1]!.atMs > sample.atMs) index -= 1;
    // The first of two wins: a repeated delivery changes nothing.
    if (index > 0 && this.#held[index - 1]!.atMs === sample.atMs) return 'duplicate';
    this.#held.splice(index, 0, sample);
    return 'taken';
  }

  /** The next sample that is due at `clockMs`, or undefined. Call until undefined. */
  release(clockMs: number): Timed | undefined {
    const next = this.#held[0];
    if (next === undefined) return undefined;
    const period = this.#period.periodMs;
    const isNext =
      period !== undefined &&
      this.#lastMs !== undefined &&
      next.atMs - this.#lastMs <= 1.5 * period;
    if (!isNext && clockMs < next.atMs + this.#latenessMs) return undefined;
    this.#held.shift();
    this.pass(next.atMs);
    return next;
  }

  snapshot(): ReorderState {
    return { lastMs: this.#lastMs, held: [...this.#held], period: this.#period.snapshot() };
  }

  static restore(state: ReorderState, latenessMs: number): ReorderBuffer {
    const buffer = new ReorderBuffer(latenessMs);
    buffer.#lastMs = state.lastMs;
    buffer.#held = [...state.held];
    buffer.#period = PeriodEstimate.restore(state.period);
    return buffer;
  }
}
