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
  if (!measured) return undefined;
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
