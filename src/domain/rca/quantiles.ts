/**
 * Quantile of values sorted ascending, linear between neighbours (type 7 of Hyndman & Fan, 1996).
 *
 * `share` is in 0..1. Returns NaN for no values.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  const low = sorted[below]!;
  return low + (sorted[above]! - low) * (place - below);
}

/** Median of values in any order; NaN for none. Leaves its input as it is. */
export function medianOf(values: ArrayLike<number>): number {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}

/** Median of `values[from..to)`, `to` clipped to the end; NaN for an empty range. */
export function medianOfRange(values: Float64Array, from: number, to: number): number {
  return quantileOfSorted(values.slice(Math.max(0, from), to).sort(), 0.5);
}

/** Index of the first time at or after `at`, or the length. `times` ascends. */
export function firstIndexAt(times: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
