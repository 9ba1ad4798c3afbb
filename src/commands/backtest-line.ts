import type { SlaEvent } from '../domain/sla/samples.js';
import type { Severity } from '../domain/sla/severity.js';
import { limitOf, type Threshold, type ViolationType } from '../domain/sla/threshold.js';

/** One line of a backtest's output. */
export interface BacktestLine {
  readonly event: 'violation' | 'severity' | 'resolved' | 'no-data' | 'anomaly';
  /** The violation type; null where there is no violation. */
  readonly kind: ViolationType | null;
  readonly metric: string;
  /** `service`, or the replica's name. */
  readonly scope: string;
  readonly atMs: number;
  readonly severity: Severity | null;
  readonly value: number | null;
  /** Null for no-data; for an anomaly that of the first threshold on the metric. */
  readonly limit: number | null;
}

/** The line for an event; undefined for events that say nothing of a violation or of the data. */
export function backtestLine(
  event: SlaEvent,
  thresholds: readonly Threshold[],
): BacktestLine | undefined {
  const { atMs } = event;
  switch (event.type) {
    case 'violation':
    case 'severity':
    case 'resolved': {
      const { violationType, metric, replica, severity, value, limit } = event.violation;
      const scope = replica ?? 'service';
      return {
        event: event.type,
        kind: violationType,
        metric,
        scope,
        atMs,
        severity,
        value,
        limit,
      };
    }
    case 'no-data':
    case 'anomaly': {
      const { type, metric, replica } = event;
      const scope = replica ?? 'service';
      const isAnomaly = event.type === 'anomaly';
      const threshold = isAnomaly ? thresholds.find((t) => t.metric === metric) : undefined;
      const value = isAnomaly ? event.value : null;
      const limit = threshold === undefined ? null : limitOf(threshold);
      return { event: type, kind: null, metric, scope, atMs, severity: null, value, limit };
    }
    case 'breach':
    case 'data-returned':
      return undefined;
  }
}
