import type { SeriesPoints } from '../ports.js';
import type { CorrelationFinding } from './correlation.js';
import type { RelatedSeries } from './report.js';
import { isCauseOf } from './causal-graph.js';
import { badDirectionOf, signalOf } from './signal.js';
import type { SignalChange } from './signal-change.js';

/** Lags within two bins are the grid's, not the system's. */
const SIMULTANEOUS_BINS = 2;
/** Series told at most. */
const MOST_RELATED = 20;

/**
 * The series that move with the violated one, possible causes first, with the part each may have played.
 *
 * What lags, what follows by the causal graph at the same time, and what got better is no cause. Findings of
 * low confidence are left out.
 */
export function relatedSeries(
  series: readonly SeriesPoints[],
  findings: readonly CorrelationFinding[],
  violated: SeriesPoints,
  changes: readonly SignalChange[],
  stepMs: number,
): RelatedSeries[] {
  const changeOfSeries = new Map(changes.map((change) => [keyOf(change), change]));
  const related = findings
    .filter(({ confidence }) => confidence !== 'low')
    .map((finding): RelatedSeries => {
      const one = series[finding.index]!;
      const { correlation, lagMs, falseDiscoveryRate, confidence } = finding;
      const { service, replica, metric } = one;
      const change = changeOfSeries.get(keyOf(one));
      const role = roleOf(one, violated, lagMs, stepMs, change);
      return { service, replica, metric, correlation, lagMs, falseDiscoveryRate, confidence, role };
    });
  const order = ['leading', 'simultaneous', 'consequence', 'improvement'];
  return related
    .sort(
      (a, b) =>
        order.indexOf(a.role) - order.indexOf(b.role) ||
        Math.abs(b.correlation) - Math.abs(a.correlation),
    )
    .slice(0, MOST_RELATED);
}

function roleOf(
  one: SeriesPoints,
  violated: SeriesPoints,
  lagMs: number,
  stepMs: number,
  change: SignalChange | undefined,
): RelatedSeries['role'] {
  const signal = signalOf(one.metric);
  const symptom = signalOf(violated.metric);
  const direction = signal === undefined ? 0 : badDirectionOf(signal);
  if (change?.hasChanged && direction !== 0 && !change.isWorse) return 'improvement';
  if (lagMs < -SIMULTANEOUS_BINS * stepMs) return 'consequence';
  if (lagMs > SIMULTANEOUS_BINS * stepMs) return 'leading';
  return signal !== undefined && symptom !== undefined && isCauseOf(symptom, signal)
    ? 'consequence'
    : 'simultaneous';
}

function keyOf(one: { service: string; replica: string | undefined; metric: string }): string {
  return JSON.stringify([one.service, one.replica, one.metric]);
}
