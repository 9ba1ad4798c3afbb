/**
 * Counters of a target, freed from resets, and what they were at the last scrapes: one row a scrape,
 * one column a counter or bucket, so that the growth over any window is the difference of two rows.
 */
export class CounterWindow {
  /** Totals now; add the growth of a scrape here, then call `push`. */
  totals = new Float64Array(0);
  #rows: Float64Array;
  #times: Float64Array;
  #capacity: number;
  #width = 0;
  #newest = -1;
  #count = 0;

  /** `rows`: how many scrapes the longest window spans. */
  constructor(rows: number) {
    this.#capacity = Math.max(2, rows);
    this.#rows = new Float64Array(0);
    this.#times = new Float64Array(this.#capacity);
  }

  /** Makes room for `count` more columns, which start at 0; returns the first one's index. */
  addColumns(count: number): number {
    const first = this.#width;
    const width = first + count;
    if (width > this.totals.length) {
      const stride = Math.max(width, 2 * this.totals.length, 16);
      const rows = new Float64Array(stride * this.#capacity);
      for (let i = 0; i < this.#capacity && this.totals.length > 0; i += 1) {
        const from = i * this.totals.length;
        rows.set(this.#rows.subarray(from, from + this.totals.length), i * stride);
      }
      const totals = new Float64Array(stride);
      totals.set(this.totals);
      this.#rows = rows;
      this.totals = totals;
    }
    this.#width = width;
    return first;
  }

  /** Remembers the totals as those of `atMs`, which is after the last one. */
  push(atMs: number): void {
    this.#newest = (this.#newest + 1) % this.#capacity;
    this.#rows.set(this.totals, this.#newest * this.totals.length);
    this.#times[this.#newest] = atMs;
    this.#count = Math.min(this.#count + 1, this.#capacity);
  }

  /** Scrapes remembered. */
  get count(): number {
    return this.#count;
  }

  /** Instant of the scrape `back` rows before the newest one; NaN where there is none. */
  timeBack(back: number): number {
    return back < this.#count ? this.#times[this.#index(back)]! : NaN;
  }

  /** Growth of a column since the scrape `back` rows before the newest one. */
  growth(column: number, back: number): number {
    return this.totals[column]! - this.#rows[this.#index(back) * this.totals.length + column]!;
  }

  /**
   * Rows back to the scrape that lies `windowMs` before the newest one, within half a period; the
   * oldest that is there if the window is not covered yet. Undefined when there is none, or when
   * only one from before a gap longer than the window itself is left.
   */
  backTo(windowMs: number, periodMs: number): number | undefined {
    const nowMs = this.timeBack(0);
    for (let back = 1; back < this.#count; back += 1) {
      const ageMs = nowMs - this.timeBack(back);
      if (ageMs < windowMs - periodMs / 2) continue;
      if (ageMs <= 2 * windowMs + periodMs) return back;
      return back > 1 ? back - 1 : undefined;
    }
    return this.#count > 1 ? this.#count - 1 : undefined;
  }

  #index(back: number): number {
    return (this.#newest - back + this.#capacity) % this.#capacity;
  }
}
