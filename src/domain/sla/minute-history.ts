const MINUTE_MS = 60_000;
/** A day and the time around the same hour of the day before, with room for the recent minutes. */
const CAPACITY = 26 * 60;

/** What was going on in a minute. */
export const MINUTE_STATE = { normal: 0, regressed: 1, violated: 2 } as const;
type MinuteState = (typeof MINUTE_STATE)[keyof typeof MINUTE_STATE];

/** Six digits are kept of a mean: more is no information, and state to be saved stays short. */
const DIGITS = 6;

/**
 * Plain state of a `MinuteHistory`: the closed minutes before `currentMinute`, oldest first. `values`
 * holds null for minutes without samples, `states` one digit a minute.
 */
export interface MinuteHistoryState {
  readonly firstMinute: number | undefined;
  readonly currentMinute: number | undefined;
  readonly sum: number;
  readonly count: number;
  readonly state: number;
  readonly values: readonly (number | null)[];
  readonly states: string;
}

/**
 * A stream's last 26 hours as means per minute: 8 kB, whatever the sample period. A minute is closed
 * by the first sample after it. The worst state seen in a minute is the minute's.
 */
export class MinuteHistory {
  readonly #values = new Float32Array(CAPACITY).fill(Number.NaN);
  readonly #states = new Uint8Array(CAPACITY);
  #firstMinute: number | undefined;
  #currentMinute: number | undefined;
  #sum = 0;
  #count = 0;
  #state: number = MINUTE_STATE.normal;

  /** The first minute with samples. */
  get firstMinute(): number | undefined {
    return this.#firstMinute;
  }

  /** Adds a sample in time order; returns the number of the minute it closed, if it closed one. */
  add(atMs: number, value: number, state: MinuteState): number | undefined {
    const minute = Math.floor(atMs / MINUTE_MS);
    const current = this.#currentMinute;
    let closed: number | undefined;
    if (current === undefined) this.#firstMinute = minute;
    else if (minute > current) {
      this.#close(current, minute);
      closed = current;
    }
    if (current !== minute) {
      this.#currentMinute = minute;
      this.#sum = 0;
      this.#count = 0;
      this.#state = state;
    }
    this.#sum += value;
    this.#count += 1;
    this.#state = Math.max(this.#state, state);
    return closed;
  }

  /** Values of the closed minutes in [from, to) that have samples and are at worst in `state`. */
  range(from: number, to: number, state: MinuteState): number[] {
    const found: number[] = [];
    const current = this.#currentMinute ?? from;
    const end = Math.min(to, current);
    for (let minute = Math.max(from, current - CAPACITY + 1); minute < end; minute += 1) {
      const slot = slotOf(minute);
      const value = this.#values[slot]!;
      if (!Number.isNaN(value) && this.#states[slot]! <= state) found.push(value);
    }
    return found;
  }

  /** Makes all minutes normal: what was a regression is what is usual now. */
  adopt(): void {
    this.#states.fill(MINUTE_STATE.normal);
    this.#state = MINUTE_STATE.normal;
  }

  snapshot(): MinuteHistoryState {
    const current = this.#currentMinute ?? 0;
    const oldest = Math.max(this.#firstMinute ?? current, current - CAPACITY + 1);
    const slots = Array.from({ length: current - oldest }, (_, i) => slotOf(oldest + i));
    return {
      firstMinute: this.#firstMinute,
      currentMinute: this.#currentMinute,
      sum: this.#sum,
      count: this.#count,
      state: this.#state,
      values: slots.map((slot) => {
        const value = this.#values[slot]!;
        return Number.isNaN(value) ? null : rounded(value);
      }),
      states: slots.map((slot) => this.#states[slot]!).join(''),
    };
  }

  static restore(state: MinuteHistoryState): MinuteHistory {
    const history = new MinuteHistory();
    history.#firstMinute = state.firstMinute;
    history.#currentMinute = state.currentMinute;
    history.#sum = state.sum;
    history.#count = state.count;
    history.#state = state.state;
    const oldest = (state.currentMinute ?? 0) - state.values.length;
    for (const [i, value] of state.values.entries()) {
      history.#values[slotOf(oldest + i)] = value ?? Number.NaN;
      history.#states[slotOf(oldest + i)] = Number(state.states[i]);
    }
    return history;
  }

  #close(current: number, next: number): void {
    const slot = slotOf(current);
    this.#values[slot] = rounded(this.#sum / this.#count);
    this.#states[slot] = this.#state;
    const gapEnd = Math.min(next, current + CAPACITY);
    for (let minute = current + 1; minute < gapEnd; minute += 1) {
      this.#values[slotOf(minute)] = Number.NaN;
    }
  }
}

function slotOf(minute: number): number {
  const slot = minute % CAPACITY;
  return slot < 0 ? slot + CAPACITY : slot;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
