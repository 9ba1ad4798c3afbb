import { describeMetric, type MetricKind } from './metric-kind.js';
import { firstIndexAt, medianOfRange, quantileOfSorted } from './quantiles.js';
import type { RankSeries } from './rank-input.js';

/** Kinds of evidence about one service; several metrics of one family say the same thing. */
export type EvidenceFamily = Exclude<MetricKind['quantity'], 'traffic' | 'other'> | 'edge' | 'gap';

/** A series with what is normal for it. */
export interface MeasuredSeries {
  readonly service: string;
  readonly metric: string;
  readonly kind: MetricKind;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Median before the incident. */
  readonly median: number;
  /** What counts as one unit of change; 0 for a series that is constantly 0. */
  readonly scale: number;
  /** Samples that `median` and `scale` come from: `[0, baselineEnd)`. */
  readonly baselineEnd: number;
}

/** Which times belong to the past that is taken as normal. */
export interface BaselineBounds {
  readonly stepMs: number;
  /** Where the normal past ends: before any onset that is still considered. */
  readonly quietUntilMs: number;
  /** The reported onset: the past up to it is used where the quiet one is too short. */
  readonly startedAtMs: number;
}

/** IQR / 1.349 estimates the standard deviation of normal values (1.349 = 2 × 0.6745). */
const IQR_OF_NORMAL = 1.349;
/** Below 8 samples an interquartile range says little; a contaminated baseline is better then. */
const ENOUGH_SAMPLES = 8;
/** With fewer samples nothing is called normal. */
const LEAST_SAMPLES = 3;
/**
 * A change by a tenth is the least that counts as one unit, however steady the series was: without such
 * a floor a nearly constant series beats every other by noise.
 */
export const RELATIVE_FLOOR = 0.1;
/** The floor for availabilities: half a per cent, since 10 % of 100 % would hide an outage. */
const AVAILABILITY_FLOOR = 0.005;

/** Quantities whose normal level is 0: that they were always 0 does not make them unmeasurable. */
const HEALTHY_AT_ZERO: ReadonlySet<MetricKind['quantity']> = new Set<MetricKind['quantity']>([
  'errors',
  'backlog',
]);
/** What was always 0 and is not any more changed by 20 units at its worst: clearly, whatever its unit. */
const UNITS_FROM_ZERO = 20;

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/**
 * Measures a series against its past, or undefined where there are fewer than 3 samples of it.
 *
 * The scale is the greatest of three: the interquartile range (not moved by spikes), the root mean
 * square around the median (moved by them: who spiked before may spike now), and a floor.
 */
export function measureSeries(
  series: RankSeries,
  bounds: BaselineBounds,
): MeasuredSeries | undefined {
  const kind = describeMetric(series.metric);
  const times = Float64Array.from(series.timesMs);
  const values = Float64Array.from(series.values);
  let baselineEnd = firstIndexAt(times, bounds.quietUntilMs - bounds.stepMs + 1);
  if (baselineEnd < ENOUGH_SAMPLES) {
    baselineEnd = firstIndexAt(times, bounds.startedAtMs - bounds.stepMs + 1);
  }
  if (baselineEnd < LEAST_SAMPLES) return undefined;
  const { median, spread, deviation } = describeBaseline(values, baselineEnd);
  const floor =
    kind.quantity === 'availability'
      ? AVAILABILITY_FLOOR * (median > 1.5 ? 100 : 1)
      : RELATIVE_FLOOR * Math.abs(median);
  const scale =
    Math.max(spread, deviation, floor) ||
    (HEALTHY_AT_ZERO.has(kind.quantity) ? largest(values) / UNITS_FROM_ZERO : 0);
  const { service, metric } = series;
  return { service, metric, kind, times, values, median, scale, baselineEnd };
}

/** Median, IQR / 1.349 and root mean square around the median of `values[0..count)`. */
export function describeBaseline(
  values: Float64Array,
  count: number,
): { median: number; spread: number; deviation: number } {
  const sorted = values.slice(0, count).sort();
  const median = quantileOfSorted(sorted, 0.5);
  let squares = 0;
  for (const value of sorted) squares += (value - median) ** 2;
  return {
    median,
    spread: (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) / IQR_OF_NORMAL,
    deviation: Math.sqrt(squares / sorted.length),
  };
}

/**
 * Samples before an onset that tell what was already so. Three: one may be an outlier or straddle the
 * onset, and more would reach back past a change of the day before the incident.
 */
const SAMPLES_BEFORE = 3;

/**
 * By how many of its units a series jumped at `onsetMs`, signed; 0 where it did not.
 *
 * The median of the `length` samples from there on is compared with the long past and with the last
 * samples before: the smaller of both changes counts, and none if they disagree in sign. So what was
 * already unusual before the incident is not blamed on it.
 */
export function jumpAt(series: MeasuredSeries, onsetMs: number, length: number): number {
  const { times, values, scale } = series;
  const at = firstIndexAt(times, onsetMs);
  if (at === 0 || at >= times.length || !(scale > 0)) return 0;
  const after = medianOfRange(values, at, at + length);
  const fromPast = after - series.median;
  const fromBefore = after - medianOfRange(values, at - SAMPLES_BEFORE, at);
  if (fromPast * fromBefore <= 0) return 0;
  return (Math.sign(fromPast) * Math.min(Math.abs(fromPast), Math.abs(fromBefore))) / scale;
}

/**
 * The family of evidence a series belongs to, or undefined for one that accuses nobody: traffic and
 * unknown metrics, the host's, and latencies a service sees as a caller (its callees' fault).
 */
export function familyOf(kind: MetricKind): EvidenceFamily | undefined {
  if (kind.isOfHost || kind.quantity === 'traffic' || kind.quantity === 'other') return undefined;
  if (kind.quantity !== 'latency') return kind.quantity;
  if (kind.peer !== undefined) return 'edge';
  return kind.view === 'caller' ? undefined : 'latency';
}
