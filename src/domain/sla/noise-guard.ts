/** From this many samples on, 80 % of them is no chance, whatever the history. */
const ENOUGH_SAMPLES = 20;
/** Weight of one sample in the memory of the usual share: about the last 60 samples count. */
const FORGET = 1 / 60;
/**
 * Chance under which samples beyond the limit are held for real. A stream judged once a minute is
 * judged 1,440 times a day: 1e-4 leaves one false suspicion a week.
 */
const CHANCE = 1e-4;

/** Plain state of a `NoiseGuard`. */
export interface NoiseGuardState {
  readonly weight: number;
  readonly beyond: number;
}

/**
 * Tells a breach from the noise of a stream that lives near its limit, where samples are few.
 *
 * At a period of 60 s a 5-minute window holds five samples, and four of five beyond the limit happen
 * by chance every few hours if one in six usually is. The guard remembers the share of samples beyond
 * the limit before the window, and asks how likely the window is under it (binomial).
 */
export class NoiseGuard {
  #weight = 0;
  #beyond = 0;

  /** Learns from a sample that left the window. */
  learn(isBeyond: boolean): void {
    this.#weight += 1 - this.#weight * FORGET;
    this.#beyond += (isBeyond ? 1 : 0) - this.#beyond * FORGET;
  }

  /** True when `beyond` of `count` samples may well be chance. */
  doubts(beyond: number, count: number): boolean {
    if (count >= ENOUGH_SAMPLES || this.#weight < 1) return false;
    return chanceOfAtLeast(beyond, count, this.#beyond / this.#weight) > CHANCE;
  }

  snapshot(): NoiseGuardState {
    return { weight: this.#weight, beyond: this.#beyond };
  }

  static restore(state: NoiseGuardState): NoiseGuard {
    const guard = new NoiseGuard();
    guard.#weight = state.weight;
    guard.#beyond = state.beyond;
    return guard;
  }
}

/** Probability of at least `hits` in `trials` independent trials of probability `share`. */
export function chanceOfAtLeast(hits: number, trials: number, share: number): number {
  if (share <= 0) return hits <= 0 ? 1 : 0;
  if (share >= 1) return 1;
  let sum = 0;
  let ways = 1;
  for (let k = 0; k <= trials; k += 1) {
    if (k >= hits) sum += ways * share ** k * (1 - share) ** (trials - k);
    ways = (ways * (trials - k)) / (k + 1);
  }
  return Math.min(1, sum);
}
