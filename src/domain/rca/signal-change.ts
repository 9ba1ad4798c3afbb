import type { SeriesPoints } from '../ports.js';
import { measureSeries, type BaselineBounds } from './measured-series.js';
import { firstIndexAt, medianOfRange } from './quantiles.js';
import { badDirectionOf, signalOf, type Signal } from './signal.js';

/** How one series changed from before the incident to when it was worst judged. */
export interface SignalChange {
  readonly service: string;
  readonly replica: string | undefined;
  readonly metric: string;
  readonly signal: Signal;
  readonly before: number;
  readonly after: number;
  /** In units of past noise, positive for a rise. */
  readonly units: number;
  /** Whether it changed at all (`CHANGED_UNITS`), and whether for the worse. */
  readonly hasChanged: boolean;
  readonly isWorse: boolean;
}

/** 4 units: beyond what the best of some dozen noisy series shows by chance. */
const CHANGED_UNITS = 4;
/** Series that are nearly constant give absurd units; beyond 50 there is no doubt to lose. */
const MOST_UNITS = 50;

/**
 * The change of a series, or undefined for an unknown metric or too little data.
 *
 * The level after is the median of the second half of the samples from the onset until `judgedUntilMs`
 * (before recovery steps change the metrics): what grows slowly is judged by where it got to.
 */
export function changeOf(
  series: SeriesPoints,
  bounds: BaselineBounds,
  onsetMs: number,
  judgedUntilMs: number,
): SignalChange | undefined {
  const signal = signalOf(series.metric);
  if (signal === undefined) return undefined;
  const measured = measureSeries(series, bounds);
  if (!measured) return appearedChange(series, signal, onsetMs, judgedUntilMs);
  const from = firstIndexAt(measured.times, onsetMs);
  const until = firstIndexAt(measured.times, judgedUntilMs + 1);
  if (until - from < 1) return undefined;
  const after = medianOfRange(measured.values, from + Math.floor((until - from) / 2), until);
  const change = after - measured.median;
  // A constant 0 has no noise: any change of it is certain.
  const certain = Math.sign(change) * MOST_UNITS;
  const raw = measured.scale > 0 ? change / measured.scale : certain;
  const units = Math.max(-MOST_UNITS, Math.min(MOST_UNITS, raw));
  const hasChanged = Math.abs(units) >= CHANGED_UNITS;
  return {
    service: series.service,
    replica: series.replica,
    metric: series.metric,
    signal,
    before: measured.median,
    after,
    units,
    hasChanged,
    isWorse: hasChanged && units * badDirectionOf(signal) > 0,
  };
}

/** What counts events has no series before the first: a new tenant, a first error. */
const COUNTED_FROM_ZERO: ReadonlySet<Signal> = new Set<Signal>([
  'tenant-load',
  'errors',
  'connections',
  'preemptions',
]);
/** One sample may be a start; from three on it lasts. */
const LEAST_APPEARED = 3;

/** A count whose series begins with the incident: before, there was nothing to count. */
function appearedChange(
  series: SeriesPoints,
  signal: Signal,
  onsetMs: number,
  judgedUntilMs: number,
): SignalChange | undefined {
  const { timesMs, service, replica, metric } = series;
  const firstMs = timesMs[0];
  if (!COUNTED_FROM_ZERO.has(signal) || firstMs === undefined || firstMs < onsetMs - SLACK_MS) {
    return undefined;
  }
  const until = firstIndexAt(timesMs, judgedUntilMs + 1);
  if (until < LEAST_APPEARED) return undefined;
  const after = medianOfRange(Float64Array.from(series.values), Math.floor(until / 2), until);
  const hasChanged = after > 0;
  return {
    ...{ service, replica, metric, signal, before: 0, after },
    units: hasChanged ? MOST_UNITS : 0,
    hasChanged,
    isWorse: hasChanged && badDirectionOf(signal) > 0,
  };
}

/** The onset is where most changed; the first of it may come somewhat before. */
const SLACK_MS = 30_000;
