/** What became of a sample that was offered. */
export type Appended = 'stored' | 'reordered' | 'duplicate' | 'late' | 'non-finite' | 'full';

const FIRST_CAPACITY = 16;

/**
 * The samples of one series in time order: a ring of instants (Unix milliseconds) and one of values,
 * which grow to what the retention needs. Samples older than the retention, measured from the newest
 * one, are dropped as new ones arrive.
 */
export class SampleColumn {
  #times = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes of the ring. */
  get bytes(): number {
    return 2 * this.#times.byteLength;
  }

  /** Instant of sample `i` in time order, 0 the oldest; NaN outside. */
  timeAt(i: number): number {
    return i >= 0 && i < this.#count ? this.#times[this.#slot(i)]! : NaN;
  }

  valueAt(i: number): number {
    return i >= 0 && i < this.#count ? this.#values[this.#slot(i)]! : NaN;
  }

  get newestMs(): number {
    return this.timeAt(this.#count - 1);
  }

  /**
   * Adds a sample. A late one is put into its place in time (rare, O(distance)); of two with the same
   * instant the first stays; one older than the retention is refused.
   */
  append(atMs: number, value: number, retentionMs: number): Appended {
    if (!Number.isFinite(value) || !Number.isFinite(atMs)) return 'non-finite';
    const newestMs = this.newestMs;
    if (this.#count === 0 || atMs > newestMs) {
      this.dropBefore(atMs - retentionMs);
      this.#push(atMs, value);
      return 'stored';
    }
    if (atMs < newestMs - retentionMs) return 'late';
    const place = this.firstFrom(atMs);
    if (this.timeAt(place) === atMs) return 'duplicate';
    this.#push(newestMs, this.valueAt(this.#count - 1));
    for (let i = this.#count - 2; i > place; i -= 1) {
      this.#times[this.#slot(i)] = this.#times[this.#slot(i - 1)]!;
      this.#values[this.#slot(i)] = this.#values[this.#slot(i - 1)]!;
    }
    this.#times[this.#slot(place)] = atMs;
    this.#values[this.#slot(place)] = value;
    return 'reordered';
  }

  /** Index of the first sample at or after an instant; `count` when there is none. */
  firstFrom(atMs: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[this.#slot(middle)]! < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  dropBefore(atMs: number): void {
    while (this.#count > 0 && this.#times[this.#head]! < atMs) {
      this.#head = (this.#head + 1) & (this.#times.length - 1);
      this.#count -= 1;
    }
  }

  /** Copies of the samples in `[fromMs, toMs]`. */
  range(fromMs: number, toMs: number): { timesMs: number[]; values: number[] } {
    const timesMs: number[] = [];
    const values: number[] = [];
    for (let i = this.firstFrom(fromMs); i < this.#count; i += 1) {
      const slot = this.#slot(i);
      if (this.#times[slot]! > toMs) break;
      timesMs.push(this.#times[slot]!);
      values.push(this.#values[slot]!);
    }
    return { timesMs, values };
  }

  /** Writes all samples as `count` instants and `count` values, in time order, into `target`. */
  writeTo(target: Float64Array): void {
    const straight = Math.min(this.#count, this.#times.length - this.#head);
    const copy = (from: Float64Array, at: number): void => {
      target.set(from.subarray(this.#head, this.#head + straight), at);
      target.set(from.subarray(0, this.#count - straight), at + straight);
    };
    copy(this.#times, 0);
    copy(this.#values, this.#count);
  }

  #slot(i: number): number {
    // The capacity is a power of two.
    return (this.#head + i) & (this.#times.length - 1);
  }

  #push(atMs: number, value: number): void {
    if (this.#count === this.#times.length) this.#grow();
    const slot = this.#slot(this.#count);
    this.#times[slot] = atMs;
    this.#values[slot] = value;
    this.#count += 1;
  }

  #grow(): void {
    const all = new Float64Array(2 * this.#count);
    this.writeTo(all);
    const capacity = 2 * this.#times.length;
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#times.set(all.subarray(0, this.#count));
    this.#values.set(all.subarray(this.#count));
    this.#head = 0;
  }
}
