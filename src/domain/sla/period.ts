const DELTAS = 9;
/** Deltas needed before the period is known. */
const LEAST = 4;

/** Plain state of a `PeriodEstimate`. */
export interface PeriodState {
  readonly deltas: readonly number[];
  readonly periodMs: number | undefined;
}

/**
 * The sample period of a stream: the median of its last nine distances, so that a gap or a burst
 * does not change it. It is taken anew after every fourth distance only, which keeps it O(1).
 */
export class PeriodEstimate {
  readonly #deltas: number[] = [];
  #periodMs: number | undefined;
  #sinceTaken = 0;

  /** In ms; undefined before five samples. */
  get periodMs(): number | undefined {
    return this.#periodMs;
  }

  /** Takes the distance of two neighbouring samples, in ms, above 0. */
  add(deltaMs: number): void {
    this.#deltas.push(deltaMs);
    if (this.#deltas.length > DELTAS) this.#deltas.shift();
    this.#sinceTaken += 1;
    if (this.#deltas.length < LEAST || (this.#periodMs !== undefined && this.#sinceTaken < LEAST)) {
      return;
    }
    this.#sinceTaken = 0;
    const sorted = [...this.#deltas].sort((a, b) => a - b);
    this.#periodMs = sorted[sorted.length >> 1];
  }

  snapshot(): PeriodState & { readonly sinceTaken: number } {
    return { deltas: [...this.#deltas], periodMs: this.#periodMs, sinceTaken: this.#sinceTaken };
  }

  static restore(state: PeriodState & { readonly sinceTaken: number }): PeriodEstimate {
    const estimate = new PeriodEstimate();
    estimate.#deltas.push(...state.deltas);
    estimate.#periodMs = state.periodMs;
    estimate.#sinceTaken = state.sinceTaken;
    return estimate;
  }
}
