const BUCKET_MS = 300_000;
const BUCKETS = 288;

/** Samples and breaches of one stretch of time, for rates and heat maps. */
export interface TallyBucket {
  readonly startMs: number;
  readonly samples: number;
  readonly breaches: number;
}

/** Plain state of a `Tally`: buckets in order of time. */
export type TallyState = readonly TallyBucket[];

/** Counts evaluated samples and breaches per 5 minutes, over the last 24 hours. O(1) a sample. */
export class Tally {
  readonly #starts = new Float64Array(BUCKETS).fill(Number.NEGATIVE_INFINITY);
  readonly #samples = new Uint32Array(BUCKETS);
  readonly #breaches = new Uint32Array(BUCKETS);

  constructor(state: TallyState = []) {
    for (const { startMs, samples, breaches } of state) {
      const slot = slotOf(startMs);
      this.#starts[slot] = startMs;
      this.#samples[slot] = samples;
      this.#breaches[slot] = breaches;
    }
  }

  /** Counts a sample; one older than what its place in the ring holds is left out. */
  count(atMs: number, isBreach: boolean): void {
    const slot = slotOf(atMs);
    const startMs = Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
    if (this.#starts[slot] !== startMs) {
      if (this.#starts[slot]! > startMs) return;
      this.#starts[slot] = startMs;
      this.#samples[slot] = 0;
      this.#breaches[slot] = 0;
    }
    this.#samples[slot]! += 1;
    if (isBreach) this.#breaches[slot]! += 1;
  }

  /** The buckets that start after `nowMs - lengthMs`, in order of time; empty ones are left out. */
  buckets(nowMs: number, lengthMs = BUCKETS * BUCKET_MS): TallyBucket[] {
    const found: TallyBucket[] = [];
    for (let slot = 0; slot < BUCKETS; slot += 1) {
      const startMs = this.#starts[slot]!;
      if (startMs <= nowMs - lengthMs || startMs > nowMs) continue;
      found.push({ startMs, samples: this.#samples[slot]!, breaches: this.#breaches[slot]! });
    }
    return found.sort((a, b) => a.startMs - b.startMs);
  }

  snapshot(): TallyState {
    return this.buckets(Number.MAX_VALUE, Number.POSITIVE_INFINITY);
  }
}

function slotOf(atMs: number): number {
  const slot = Math.floor(atMs / BUCKET_MS) % BUCKETS;
  return slot < 0 ? slot + BUCKETS : slot;
}
