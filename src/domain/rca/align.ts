import { firstIndexAt, medianOf } from './quantiles.js';

/** Samples of one series in time order. */
export interface TimedValues {
  readonly timesMs: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** The common times that series are brought onto: `count` bins of `stepMs` from `fromMs` on. */
export interface TimeGrid {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** Bins that a window must keep at least, or nothing can be correlated. */
const LEAST_BINS = 40;
/** Neighbours farther apart than 1.5 periods have a sample missing between them: that is a gap. */
const GAP_PERIODS = 1.5;

/** Distances that a period is estimated from: their median needs no more. */
const MOST_DISTANCES = 48;

/** Median distance between samples, in ms, of some dozens spread over all; Infinity with fewer than two. */
export function periodOf(times: ArrayLike<number>): number {
  if (times.length < 2) return Infinity;
  const count = Math.min(MOST_DISTANCES, times.length - 1);
  const distances = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = 1 + Math.floor((i * (times.length - 1)) / count);
    distances[i] = times[at]! - times[at - 1]!;
  }
  return medianOf(distances);
}

/**
 * The grid for a window: as coarse as the coarsest series, but with 40 bins at least.
 *
 * Coarser series than that are interpolated (see `alignOnto`). `periodsMs` of series with fewer than two
 * samples (Infinity) are ignored; without any other the window gets 40 bins.
 */
export function gridFor(periodsMs: readonly number[], fromMs: number, toMs: number): TimeGrid {
  const coarsest = Math.max(0, ...periodsMs.filter((period) => Number.isFinite(period)));
  const widest = Math.max(1, (toMs - fromMs) / LEAST_BINS);
  const stepMs = coarsest > 0 ? Math.min(coarsest, widest) : widest;
  return { fromMs, stepMs, count: Math.max(1, Math.floor((toMs - fromMs) / stepMs + 1e-9)) };
}

/**
 * Brings a series onto a grid: one value a bin, NaN where there is none.
 *
 * A bin holds the mean of its samples. An empty bin between two samples that are at most 1.5 of the series'
 * own periods apart is interpolated linearly; a longer hole stays a gap and is never invented.
 */
export function alignOnto(series: TimedValues, grid: TimeGrid): Float64Array {
  const { timesMs, values } = series;
  const { fromMs, stepMs, count } = grid;
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  for (
    let i = firstIndexAt(timesMs, fromMs);
    i < timesMs.length && timesMs[i]! < fromMs + count * stepMs;
    i++
  ) {
    const bin = Math.min(count - 1, Math.floor((timesMs[i]! - fromMs) / stepMs));
    if (!Number.isFinite(values[i]!)) continue;
    sums[bin]! += values[i]!;
    counts[bin]!++;
  }
  const longestMs = GAP_PERIODS * periodOf(timesMs);
  for (let bin = 0; bin < count; bin++) {
    sums[bin] =
      counts[bin]! > 0
        ? sums[bin]! / counts[bin]!
        : interpolate(series, fromMs + (bin + 0.5) * stepMs, longestMs);
  }
  return sums;
}

function interpolate({ timesMs, values }: TimedValues, atMs: number, longestMs: number): number {
  const after = firstIndexAt(timesMs, atMs);
  if (after === 0 || after >= timesMs.length) return NaN;
  const distance = timesMs[after]! - timesMs[after - 1]!;
  if (distance > longestMs) return NaN;
  const share = (atMs - timesMs[after - 1]!) / distance;
  return values[after - 1]! + share * (values[after]! - values[after - 1]!);
}
