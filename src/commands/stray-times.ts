/** A jump in time of more than this starts a new stretch, which must prove itself. */
const JUMP_MS = 86_400_000;
/** So many samples make a stretch credible. */
const CREDIBLE = 3;

/**
 * Keeps samples with absurd times (a clock that was at 1970 or 2100 for a moment) out of a replay in
 * order of time: one or two samples more than a day away from all others. Nothing tells a recording's
 * present, so the live rule about future samples cannot be used.
 */
export class StrayTimes<Sample extends { readonly atMs: number }> {
  #waiting: Sample[] = [];
  #lastMs: number | undefined;
  #hasPassed = false;
  #dropped = 0;

  /** Samples left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes the next sample; returns those that may go on, in order. */
  next(sample: Sample): readonly Sample[] {
    const isJump = this.#lastMs === undefined || sample.atMs - this.#lastMs > JUMP_MS;
    this.#lastMs = sample.atMs;
    if (!isJump && this.#waiting.length === 0) return [sample];
    if (isJump) this.#dropped += this.#waiting.length;
    this.#waiting = isJump ? [sample] : [...this.#waiting, sample];
    return this.#waiting.length < CREDIBLE ? [] : this.#flush();
  }

  /** To be called after the last sample: what goes on, which is all of a very short recording. */
  end(): readonly Sample[] {
    if (!this.#hasPassed && this.#dropped === 0) return this.#flush();
    this.#dropped += this.#waiting.length;
    return [];
  }

  #flush(): readonly Sample[] {
    const flushed = this.#waiting;
    this.#waiting = [];
    this.#hasPassed = true;
    return flushed;
  }
}
