import type { Judge } from './judge.js';
import { SEVERITIES, type Severity } from './severity.js';
import type { TallyBucket } from './tally.js';
import { VIOLATION_TYPES, type ViolationType } from './threshold.js';
import type { ViolationLog } from './violation-log.js';
import type { Violation } from './violation.js';

const HOUR_MS = 3_600_000;

/** One row of the breach heat map: a threshold of a service over the last 24 hours. */
interface HeatRow {
  readonly service: string;
  readonly threshold: string;
  readonly metric: string;
  /** Per 5 minutes, in order of time; stretches without samples are left out. */
  readonly buckets: readonly TallyBucket[];
}

/** The state of the SLA, for health reports and dashboards. */
export interface SlaSummary {
  /** Share of the last hour's evaluated samples inside their limit, 0..100; 100 without samples. */
  readonly compliancePercent: number;
  /** The same per threshold, all services together; only thresholds with samples. */
  readonly complianceByThreshold: Readonly<Record<string, number>>;
  readonly active: readonly Violation[];
  /** Violations opened in the last 24 hours. */
  readonly lastDay: {
    readonly total: number;
    readonly bySeverity: Readonly<Record<Severity, number>>;
    readonly byType: Readonly<Record<ViolationType, number>>;
    /** When they opened, in order of time. */
    readonly openedAtMs: readonly number[];
  };
  readonly heatMap: readonly HeatRow[];
}

/** Puts the summary together from the judges' tallies and the log of violations. */
export function summarise(
  judges: readonly Judge[],
  active: readonly Violation[],
  log: ViolationLog,
  nowMs: number,
): SlaSummary {
  const lastDay = log.lastDay(nowMs);
  const hour = judges.map(({ threshold, tally }) => ({
    name: threshold.name,
    ...totalOf(tally.buckets(nowMs, HOUR_MS)),
  }));
  const complianceByThreshold: Record<string, number> = {};
  for (const name of new Set(hour.map((h) => h.name))) {
    const total = totalOf(hour.filter((h) => h.name === name));
    if (total.samples > 0) complianceByThreshold[name] = compliance(total);
  }
  return {
    compliancePercent: compliance(totalOf(hour)),
    complianceByThreshold,
    active,
    lastDay: {
      total: lastDay.length,
      bySeverity: countBy(
        SEVERITIES,
        lastDay.map((v) => v.severity),
      ),
      byType: countBy(
        VIOLATION_TYPES,
        lastDay.map((v) => v.violationType),
      ),
      openedAtMs: lastDay.map((v) => v.openedAtMs),
    },
    heatMap: judges.map(({ group, threshold, tally }) => ({
      service: group.service,
      threshold: threshold.name,
      metric: threshold.metric,
      buckets: tally.buckets(nowMs),
    })),
  };
}

interface Total {
  readonly samples: number;
  readonly breaches: number;
}

function totalOf(parts: readonly Total[]): Total {
  return {
    samples: parts.reduce((sum, part) => sum + part.samples, 0),
    breaches: parts.reduce((sum, part) => sum + part.breaches, 0),
  };
}

function compliance({ samples, breaches }: Total): number {
  return samples === 0 ? 100 : (100 * (samples - breaches)) / samples;
}

function countBy<T extends string>(all: readonly T[], found: readonly T[]): Record<T, number> {
  const counts = Object.fromEntries(all.map((key) => [key, 0])) as Record<T, number>;
  for (const key of found) counts[key] += 1;
  return counts;
}
