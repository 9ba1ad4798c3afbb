/**
 * The range in which a view of a series has moved lately, and how far a sample breaks out of it.
 *
 * Extremes are kept per bucket (a day or more, see `anomaly-state.ts`) for 28 buckets, so that the
 * range forgets: four weeks hold every weekday four times. A range is a slice of the state's cells:
 * `[lowest, highest, bucket, filled, lows…, highs…]`; `filled` 0 means that nothing was seen yet.
 */
const BUCKETS = 28;
const LOWEST = 0;
const HIGHEST = 1;
const BUCKET = 2;
const FILLED = 3;
const LOWS = 4;
const HIGHS = LOWS + BUCKETS;

/** Cells (numbers) that one range takes. */
export const RANGE_CELLS = HIGHS + BUCKETS;

/**
 * How far beyond the range a sample may widen it, in widths. An incident must not blind the detector
 * to the next one that is smaller; with nothing absorbed each sample of an incident would be news.
 * Anything from 1.5 to 3 does as well.
 */
const ABSORBED_WIDTHS = 2;

/** Break-out out of a range of width 0, which has no unit to measure in; far above any threshold. */
const FULL_BREAKOUT = 10;

/**
 * How far `value` is outside the range, in widths of the range, from 0 (inside) to 10.
 * Distances up to `epsilon` are rounding, not news; an empty range has no outside.
 */
export function breakout(range: Float64Array, value: number, epsilon: number): number {
  if (isEmpty(range)) return 0;
  const lowest = range[LOWEST]!;
  const highest = range[HIGHEST]!;
  const distance = value > highest ? value - highest : lowest - value;
  if (!(distance > epsilon)) return 0;
  const width = highest - lowest;
  return width > epsilon ? Math.min(FULL_BREAKOUT, distance / width) : FULL_BREAKOUT;
}

/** Whether the range has seen nothing yet. */
export function isEmpty(range: Float64Array): boolean {
  return range[FILLED] === 0;
}

/** The largest absolute value inside the range; 0 when it is empty. */
export function magnitude(range: Float64Array): number {
  return Math.max(Math.abs(range[LOWEST]!), Math.abs(range[HIGHEST]!));
}

/**
 * Widens the range by a sample of the given bucket (numbers that only grow), at most by two widths.
 * Returns what was taken in: the value, or the nearest to it that the range could reach.
 */
export function absorb(range: Float64Array, value: number, bucket: number): number {
  if (isEmpty(range) || bucket > range[BUCKET]!) openBucket(range, value, bucket);
  let kept = value;
  const reach = ABSORBED_WIDTHS * (range[HIGHEST]! - range[LOWEST]!);
  if (reach > 0) {
    if (kept > range[HIGHEST]! + reach) kept = range[HIGHEST]! + reach;
    else if (kept < range[LOWEST]! - reach) kept = range[LOWEST]! - reach;
  }
  const slot = range[BUCKET]! % BUCKETS;
  if (kept < range[LOWS + slot]!) range[LOWS + slot] = kept;
  if (kept > range[HIGHS + slot]!) range[HIGHS + slot] = kept;
  if (kept < range[LOWEST]!) range[LOWEST] = kept;
  if (kept > range[HIGHEST]!) range[HIGHEST] = kept;
  return kept;
}

/** Starts the bucket's extremes and takes the range anew from the buckets that are left. */
function openBucket(range: Float64Array, value: number, bucket: number): void {
  const isFirst = isEmpty(range);
  // The new bucket starts inside what is known: what a break-out adds is for `absorb` to limit.
  const start = isFirst ? value : Math.min(range[HIGHEST]!, Math.max(range[LOWEST]!, value));
  // Buckets without a sample of this view (none in practice) are filled alike, and so forget, too.
  const from = isFirst ? bucket : Math.max(range[BUCKET]! + 1, bucket - BUCKETS + 1);
  for (let each = from; each <= bucket; each++) {
    range[LOWS + (each % BUCKETS)] = start;
    range[HIGHS + (each % BUCKETS)] = start;
  }
  range[BUCKET] = bucket;
  range[FILLED] = Math.min(BUCKETS, range[FILLED]! + bucket - from + 1);
  let lowest = start;
  let highest = start;
  for (let back = 0; back < range[FILLED]; back++) {
    const slot = (bucket - back) % BUCKETS;
    lowest = Math.min(lowest, range[LOWS + slot]!);
    highest = Math.max(highest, range[HIGHS + slot]!);
  }
  range[LOWEST] = lowest;
  range[HIGHEST] = highest;
}
