import type { Archive } from '../domain/archive.js';
import type { DetectorStatus } from './detector-client.js';

const DAY_MS = 86_400_000;

/** The design document's `GET /health/production`, with what more operators ask for. */
export interface ProductionHealth {
  readonly status: 'healthy' | 'degraded' | 'critical';
  /** Percent, 0 to 100. */
  readonly sla_compliance: number;
  readonly active_violations: number;
  readonly circuit_breakers: Readonly<Record<string, string>>;
  /** Parts that do not answer; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Healthy without violations and with every part answering; critical with a critical violation or
 * three at once (the rule for emergency mode); degraded otherwise.
 */
export function productionHealth(
  detector: DetectorStatus | undefined,
  problems: readonly string[],
): ProductionHealth {
  const active = detector?.summary.active ?? [];
  const isCritical = active.length >= 3 || active.some((v) => v.severity === 'critical');
  const isWell = active.length === 0 && problems.length === 0 && detector !== undefined;
  return {
    status: isCritical ? 'critical' : isWell ? 'healthy' : 'degraded',
    sla_compliance: round(detector?.summary.compliancePercent ?? 0),
    active_violations: active.length,
    circuit_breakers: {},
    problems: detector === undefined ? [...problems, 'the detector does not answer'] : problems,
  };
}

/** The design document's `GET /metrics/summary`. */
export async function metricsSummary(
  archive: Archive,
  detector: DetectorStatus | undefined,
  nowMs: number,
) {
  const since = await archive.statistics(nowMs - DAY_MS);
  const outcomes = since.recoveriesByOutcome;
  const ran = (['recovered', 'rolled-back', 'rollback-incomplete', 'aborted'] as const).reduce(
    (sum, outcome) => sum + (outcomes[outcome] ?? 0),
    0,
  );
  return {
    monitoring_mode: modeOf(detector),
    total_alerts_24h: since.incidentsOpened,
    recovery_success_rate: ran === 0 ? 100 : round((100 * (outcomes.recovered ?? 0)) / ran),
    rca_analyses_24h: since.reports,
  };
}

/** The mode that the violations of now call for (FEATURES, section 4). */
function modeOf(detector: DetectorStatus | undefined): string {
  if (detector === undefined) return 'normal';
  const { active, compliancePercent } = detector.summary;
  if (active.length >= 3 || active.some((v) => v.severity === 'critical')) return 'emergency';
  return active.length > 0 || compliancePercent < 95 ? 'high_alert' : 'normal';
}

const round = (value: number) => Math.round(value * 100) / 100;
