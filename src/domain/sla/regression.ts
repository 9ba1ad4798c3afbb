import type { Direction } from './threshold.js';

/** What normal was: minutes of the time before, with what the comparison needs of them. */
export interface Baseline {
  /** Ascending; single precision, as the minutes are kept. */
  readonly sorted: Float32Array;
  readonly median: number;
  /** Robust standard deviation: 1.4826 × the median absolute deviation. */
  readonly spread: number;
  /** Lag-1 autocorrelation of neighbouring minutes, 0..0.95. */
  readonly autocorrelation: number;
}

/** How the recent minutes compare with a baseline. */
export interface Comparison {
  readonly recentMedian: number;
  /** By how much worse the recent median is than the baseline's, in percent; below 0: better. */
  readonly worsePercent: number;
  /** The same less its standard error times 1.64: so much it is at least, with 95 % confidence. */
  readonly leastWorsePercent: number;
  /** Rank test of "recent is worse", in standard deviations, corrected for autocorrelation. */
  readonly z: number;
  /** Share of pairs (recent, baseline) in which the recent one is worse, 0..1. */
  readonly superiority: number;
  /** Shift of the median over its standard error: unlike `z` it has no ceiling. */
  readonly shiftZ: number;
}

const BLOCK = 15;
/** Makes the median absolute deviation of normal numbers their standard deviation. */
const MAD_TO_SD = 1.4826;
/** The median's standard error is √(π/2) times the mean's. */
const MEDIAN_ERROR = 1.2533;
/** One-sided. */
const CONFIDENCE_95 = 1.64;

/**
 * Takes a baseline from minute values in time order; undefined with fewer than `least`.
 *
 * The autocorrelation is that of the deviations from the mean of each quarter of an hour: a trend or a
 * daily season must not count as correlated noise. The short blocks bias it by −1/15 (Marriott & Pope,
 * 1954), which is put back.
 */
export function takeBaseline(minutes: readonly number[], least: number): Baseline | undefined {
  if (minutes.length < least || minutes.length === 0) return undefined;
  const sorted = Float32Array.from(minutes).sort();
  const median = medianOf(sorted);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  let products = 0;
  let squares = 0;
  for (let start = 0; start < minutes.length; start += BLOCK) {
    const block = minutes.slice(start, start + BLOCK);
    const mean = block.reduce((sum, value) => sum + value, 0) / block.length;
    for (const [i, value] of block.entries()) {
      squares += (value - mean) ** 2;
      if (i > 0) products += (value - mean) * (block[i - 1]! - mean);
    }
  }
  const raw = squares === 0 ? 0 : products / squares + 1 / BLOCK;
  const autocorrelation = Math.min(0.95, Math.max(0, raw));
  return { sorted, median, spread: MAD_TO_SD * medianOf(deviations), autocorrelation };
}

/**
 * Compares recent minute values with a baseline: effect, and the rank test of Mann & Whitney (1947).
 *
 * Its z is shrunk by √((1 − ρ) / (1 + ρ)), the share of independent samples in an autocorrelated
 * series. `floor` is the least level that percentages are taken of, so that a baseline of 0 (an error
 * rate) has them too. Throws RangeError without recent values.
 */
export function compareWithBaseline(
  recent: readonly number[],
  baseline: Baseline,
  direction: Direction,
  floor: number,
): Comparison {
  if (recent.length === 0) throw new RangeError('comparison: no recent values');
  const sign = direction === 'upper' ? 1 : -1;
  const { sorted, median } = baseline;
  let above = 0;
  for (const value of recent)
    above += (rankOf(sorted, value, false) + rankOf(sorted, value, true)) / 2;
  const n = recent.length;
  const m = sorted.length;
  const share = above / (n * m);
  const superiority = sign > 0 ? share : 1 - share;
  const independent = Math.sqrt((1 - baseline.autocorrelation) / (1 + baseline.autocorrelation));
  const deviation = Math.sqrt((n + m + 1) / (12 * n * m));
  const recentMedian = medianOf(Float32Array.from(recent).sort());
  const shift = sign * (recentMedian - median);
  const error = (MEDIAN_ERROR * baseline.spread) / Math.sqrt(n) / independent;
  const percent = 100 / Math.max(Math.abs(median), floor, Number.MIN_VALUE);
  return {
    recentMedian,
    worsePercent: shift * percent,
    leastWorsePercent: (shift - CONFIDENCE_95 * error) * percent,
    z: ((superiority - 0.5) / deviation) * independent,
    superiority,
    shiftZ: error === 0 ? Math.sign(shift) * Infinity : shift / error,
  };
}

/** Superiority at which a rank test has nearly reached its ceiling and the shift has to tell. */
const CEILING = 0.95;

/**
 * True when the comparison is significant at `minZ`. Slow noise leaves few independent minutes in a
 * quarter of an hour, and ranks alone then never reach it: where nearly all recent minutes are worse,
 * the size of the shift decides.
 */
export function isSignificant(comparison: Comparison, minZ: number): boolean {
  const { z, superiority, shiftZ } = comparison;
  return z >= minZ || (superiority >= CEILING && shiftZ >= minZ);
}

function medianOf(sorted: Float32Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many of `sorted` are below `value`, or at most `value`. */
function rankOf(sorted: Float32Array, value: number, isInclusive: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = sorted[middle]!;
    if (entry < value || (isInclusive && entry === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
