/** Classes of a sample, from best to worst; the order is the rank. */
export const SAMPLE_CLASS = {
  /** Inside the limit by more than the hysteresis. */
  calm: 0,
  /** Inside the limit. */
  compliant: 1,
  minor: 2,
  major: 3,
  critical: 4,
} as const;
const CLASSES = 5;
const FIRST_CAPACITY = 64;
/** More than 0.1 s samples in a 4-hour window; beyond it the oldest go early. */
const MOST = 1 << 18;

/** Plain state of a `SampleWindow`: equally long columns in time order. */
export interface WindowState {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  readonly coversMs: readonly number[];
}

/**
 * The samples of one sliding window, in time order, with how many of them are of each class.
 *
 * Adding and dropping a sample is O(1), whatever the window's length: the rule of the evaluation and
 * the severity by median need only the counts, since the median is beyond a bound just when more than
 * half of the samples are. The median itself is looked up when an event is made, which is rare.
 */
export class SampleWindow {
  #times = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #covers = new Float64Array(FIRST_CAPACITY);
  #classes = new Uint8Array(FIRST_CAPACITY);
  #head = 0;
  #count = 0;
  #coveredMs = 0;
  readonly #counts = new Uint32Array(CLASSES);

  get count(): number {
    return this.#count;
  }

  /** Time for which the samples stand, without the gaps between them. */
  get coveredMs(): number {
    return this.#coveredMs;
  }

  get oldestMs(): number | undefined {
    return this.#count === 0 ? undefined : this.#times[this.#head];
  }

  get newestMs(): number | undefined {
    return this.#count === 0 ? undefined : this.#times[this.#at(this.#count - 1)];
  }

  /** How many samples are of this class or a worse one. */
  countFrom(sampleClass: number): number {
    let sum = 0;
    for (let c = sampleClass; c < CLASSES; c += 1) sum += this.#counts[c]!;
    return sum;
  }

  /** Adds a sample later than all others; `coverMs` is the time for which it stands, whole ms. */
  push(atMs: number, value: number, sampleClass: number, coverMs: number): void {
    if (this.#count === MOST) this.shift();
    if (this.#count === this.#times.length) this.#grow();
    const slot = this.#at(this.#count);
    this.#times[slot] = atMs;
    this.#values[slot] = value;
    this.#covers[slot] = coverMs;
    this.#classes[slot] = sampleClass;
    this.#counts[sampleClass]! += 1;
    this.#coveredMs += coverMs;
    this.#count += 1;
  }

  /** Lets samples that stand for more than `mostMs` stand for `insteadMs`. O(n). */
  capCovers(mostMs: number, insteadMs: number): void {
    for (let i = 0; i < this.#count; i += 1) {
      const slot = this.#at(i);
      const coverMs = this.#covers[slot]!;
      if (coverMs <= mostMs) continue;
      this.#covers[slot] = insteadMs;
      this.#coveredMs += insteadMs - coverMs;
    }
  }

  /** Drops the oldest sample and returns its class; undefined when empty. */
  shift(): number | undefined {
    if (this.#count === 0) return undefined;
    const sampleClass = this.#classes[this.#head]!;
    this.#counts[sampleClass]! -= 1;
    this.#coveredMs -= this.#covers[this.#head]!;
    this.#head = (this.#head + 1) & (this.#times.length - 1);
    this.#count -= 1;
    return sampleClass;
  }

  /**
   * The middle value, NaN when empty. Of an even number the one on the `compliantEnd` side, so that
   * it is beyond a bound just when more than half of the samples are. O(n log n).
   */
  median(compliantEnd: 'low' | 'high'): number {
    if (this.#count === 0) return Number.NaN;
    const sorted = Float64Array.from({ length: this.#count }, (_, i) => this.#values[this.#at(i)]!);
    sorted.sort();
    return sorted[compliantEnd === 'low' ? (this.#count - 1) >> 1 : this.#count >> 1]!;
  }

  /** Time of the oldest sample of this class or a worse one. O(n). */
  firstFromMs(sampleClass: number): number | undefined {
    for (let i = 0; i < this.#count; i += 1) {
      const slot = this.#at(i);
      if (this.#classes[slot]! >= sampleClass) return this.#times[slot];
    }
    return undefined;
  }

  snapshot(): WindowState {
    const column = (from: Float64Array) =>
      Array.from({ length: this.#count }, (_, i) => from[this.#at(i)]!);
    return {
      timesMs: column(this.#times),
      values: column(this.#values),
      coversMs: column(this.#covers),
    };
  }

  /** `classOf` judges each value anew, so a window may be restored under another limit. */
  static restore(state: WindowState, classOf: (value: number) => number): SampleWindow {
    const window = new SampleWindow();
    state.timesMs.forEach((atMs, i) => {
      const value = state.values[i]!;
      window.push(atMs, value, classOf(value), state.coversMs[i]!);
    });
    return window;
  }

  #at(index: number): number {
    return (this.#head + index) & (this.#times.length - 1);
  }

  #grow(): void {
    const capacity = this.#times.length * 2;
    const unroll = <T extends Float64Array | Uint8Array>(from: T, to: T): T => {
      to.set(from.subarray(this.#head));
      to.set(from.subarray(0, this.#head), from.length - this.#head);
      return to;
    };
    this.#times = unroll(this.#times, new Float64Array(capacity));
    this.#values = unroll(this.#values, new Float64Array(capacity));
    this.#covers = unroll(this.#covers, new Float64Array(capacity));
    this.#classes = unroll(this.#classes, new Uint8Array(capacity));
    this.#head = 0;
  }
}
