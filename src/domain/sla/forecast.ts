import { limitOf, type Threshold } from './threshold.js';

/** Fewest points that make a trend. */
const LEAST_POINTS = 10;
/** Pairs looked at; more points are thinned out evenly, since all pairs of n points are n²/2. */
const MOST_POINTS = 200;
/** Kendall's tau from which a trend is one: beyond |z| = 3 for 40 points (Kendall, 1938). */
const LEAST_TAU = 0.33;

/** Where a series is heading. `inMs` is counted from the last point. */
export type Forecast =
  | { readonly outlook: 'breached' }
  | { readonly outlook: 'breach-ahead'; readonly inMs: number; readonly slopePerHour: number }
  | { readonly outlook: 'steady' }
  | { readonly outlook: 'unknown' };

/**
 * Time until a series crosses its threshold's limit if its trend goes on.
 *
 * `timesMs` and `values` are equally long and in time order; non-finite values are left out. The trend
 * is the median of the slopes of all pairs (Theil, 1950; Sen, 1968), which up to 29 % of outliers do
 * not move, taken for real when Kendall's tau says so. `unknown` with fewer than 10 points, `steady`
 * without a trend towards the limit or with a crossing beyond `horizonMs` (default one day).
 */
export function forecastBreach(
  timesMs: readonly number[],
  values: readonly number[],
  threshold: Pick<Threshold, 'target' | 'tolerancePercent' | 'direction'>,
  horizonMs = 86_400_000,
): Forecast {
  const points = timesMs
    .map((atMs, i) => ({ atMs, value: values[i] ?? Number.NaN }))
    .filter(({ atMs, value }) => Number.isFinite(atMs) && Number.isFinite(value));
  const last = points.at(-1);
  if (points.length < LEAST_POINTS || last === undefined) return { outlook: 'unknown' };
  const stride = Math.ceil(points.length / MOST_POINTS);
  const thinned = points.filter((_, i) => (points.length - 1 - i) % stride === 0);
  const slopes: number[] = [];
  let concordance = 0;
  for (const [i, a] of thinned.entries()) {
    for (const b of thinned.slice(i + 1)) {
      if (b.atMs === a.atMs) continue;
      slopes.push((b.value - a.value) / (b.atMs - a.atMs));
      concordance += Math.sign(b.value - a.value);
    }
  }
  const slope = middle(slopes);
  const level = middle(thinned.map(({ atMs, value }) => value + slope * (last.atMs - atMs)));
  const sign = threshold.direction === 'upper' ? 1 : -1;
  const room = sign * (limitOf(threshold) - level);
  if (room < 0) return { outlook: 'breached' };
  const tau = (sign * concordance) / slopes.length;
  const approach = sign * slope;
  if (!(approach > 0) || tau < LEAST_TAU || room / approach > horizonMs)
    return { outlook: 'steady' };
  return { outlook: 'breach-ahead', inMs: room / approach, slopePerHour: slope * 3_600_000 };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
