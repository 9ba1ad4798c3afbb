/** A seeded stream of chance. Every draw advances it; two streams with one seed are equal. */
export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  /** Exponential with the given mean (same unit as the mean). */
  exponential(mean: number): number;
  /** Uniform integer in [low, high], both inclusive. */
  integer(low: number, high: number): number;
}

/**
 * Generator mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough for
 * workloads and cheap. `seed` is taken modulo 2³².
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    unit,
    // 1 − u is never 0, so the logarithm is finite.
    exponential: (mean) => -mean * Math.log(1 - unit()),
    integer: (low, high) => low + Math.floor(unit() * (high - low + 1)),
  };
}
