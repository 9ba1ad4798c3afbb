import type { ArchiveStatistics } from '../domain/archive.js';
import type { addRcaMetrics } from './rca-metrics.js';
import type { addRecoveryMetrics } from './recovery-metrics.js';
import type { addSlaMetrics } from './sla-metrics.js';

/** As much of the telemetry as has totals in the archive. */
export interface Seedable {
  readonly sla: ReturnType<typeof addSlaMetrics>;
  readonly recovery: ReturnType<typeof addRecoveryMetrics>;
  readonly rca: ReturnType<typeof addRcaMetrics>;
}

/**
 * Lets the counters that people read as totals go on after a restart where they were: violations,
 * recoveries and analyses start at what the archive counts over all time.
 *
 * Take `await archive.statistics(0)`: those totals include what retention deleted, so they never
 * shrink, which Prometheus would take for a reset and count in full. Seed before the first exposition,
 * and in one process per counter only (of several detectors, one), or the sum over them is a multiple.
 * A violation is archived with the severity it reached, so the split by severity may differ from
 * what was counted live.
 */
export function seedTelemetry(
  telemetry: Seedable,
  statistics: ArchiveStatistics,
  areas: readonly (keyof Seedable)[],
): void {
  if (areas.includes('sla')) {
    for (const { severity, violationType, count } of statistics.violations) {
      telemetry.sla.violations.startAt({ severity, type: violationType }, count);
    }
  }
  if (areas.includes('recovery')) {
    for (const { procedure, outcome, count } of statistics.recoveries) {
      telemetry.recovery.executions.startAt({ procedure, status: outcome }, count);
    }
  }
  if (areas.includes('rca')) telemetry.rca.analyses.startAt({}, statistics.reports);
}
