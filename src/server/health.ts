import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import type { DetectorStatus } from './detector-client.js';

const DAY_MS = 86_400_000;

/** The design document's `GET /health/production`, with what more operators ask for. */
export const healthShape = z
  .object({
    status: z.enum(['healthy', 'degraded', 'critical']),
    sla_compliance: z.number().min(0).max(100).meta({ description: 'percent' }),
    active_violations: z.int(),
    circuit_breakers: z.record(z.string(), z.string()),
    problems: z.array(z.string()).meta({ description: 'parts that do not answer' }),
  })
  .meta({ id: 'ProductionHealth' });
export type ProductionHealth = z.output<typeof healthShape>;

/** The design document's `GET /metrics/summary`. */
export const summaryShape = z
  .object({
    monitoring_mode: z.enum(['normal', 'high_alert', 'emergency', 'maintenance']),
    total_alerts_24h: z.int(),
    recovery_success_rate: z.number().min(0).max(100).meta({ description: 'percent' }),
    rca_analyses_24h: z.int(),
  })
  .meta({ id: 'MetricsSummary' });
type MetricsSummary = z.output<typeof summaryShape>;

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
    problems:
      detector === undefined ? [...problems, 'the detector does not answer'] : [...problems],
  };
}

/** The figures of the last 24 hours. */
export async function metricsSummary(
  archive: Archive,
  detector: DetectorStatus | undefined,
  nowMs: number,
): Promise<MetricsSummary> {
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
function modeOf(detector: DetectorStatus | undefined): MetricsSummary['monitoring_mode'] {
  if (detector === undefined) return 'normal';
  const { active, compliancePercent } = detector.summary;
  if (active.length >= 3 || active.some((v) => v.severity === 'critical')) return 'emergency';
  return active.length > 0 || compliancePercent < 95 ? 'high_alert' : 'normal';
}

const round = (value: number) => Math.round(value * 100) / 100;
