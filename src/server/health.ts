import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import { worstStatus } from '../domain/recovery/breaker.js';
import type { BreakerKind } from '../domain/recovery/breaker-kinds.js';
import { nextMode, type ModeFacts } from '../domain/monitor/mode.js';
import type { MonitorView } from '../domain/monitor/monitor-state.js';
import type { DetectorStatus } from './detector-client.js';

const DAY_MS = 86_400_000;

/** One that is isolated lets nothing through, as an open one. */
const STATE_WORDS = {
  closed: 'closed',
  'half-open': 'half_open',
  open: 'open',
  isolated: 'open',
} as const;
const breakerWord = z.enum(['closed', 'half_open', 'open']);

const healthChecksShape = z
  .object({
    replicas: z.array(
      z.object({
        service: z.string(),
        replica: z.string(),
        state: z.enum(['well', 'ill', 'unknown']),
        serving: z.boolean().nullable().meta({ description: '`/health` answers' }),
        completes: z.boolean().nullable().meta({ description: 'one token comes back' }),
        latency_ms: z.number(),
        detail: z.string(),
        at: z.iso.datetime(),
      }),
    ),
    host: z
      .object({
        load_per_core: z.number(),
        memory_used_percent: z.number(),
        disk_used_percent: z.number(),
      })
      .nullable(),
  })
  .meta({ description: 'the last check of each replica, and the detector’s host' });

function circuitBreakers(
  detector: DetectorStatus | undefined,
): ProductionHealth['circuit_breakers'] {
  const worst = (kind: BreakerKind) => {
    const states = detector?.breakers.filter((b) => b.kind === kind) ?? [];
    return STATE_WORDS[worstStatus(states.map(({ breaker }) => breaker.status))];
  };
  return {
    aphrodite_engine: worst('aphrodite_engine'),
    model_inference: worst('model_inference'),
    kv_cache: worst('kv_cache'),
    deep_tree_echo: worst('deep_tree_echo'),
  };
}

function healthChecks(detector: DetectorStatus | undefined): ProductionHealth['health_checks'] {
  if (detector === undefined) return { replicas: [], host: null };
  const { replicas, host } = detector.health;
  return {
    replicas: replicas.map((r) => ({
      ...{ service: r.service, replica: r.replica, state: r.state },
      ...{ serving: r.isServing ?? null, completes: r.completes ?? null },
      ...{ latency_ms: r.latencyMs, detail: r.detail, at: new Date(r.atMs).toISOString() },
    })),
    host: {
      load_per_core: host.loadPerCore,
      memory_used_percent: host.memoryUsedPercent,
      disk_used_percent: host.diskUsedPercent,
    },
  };
}

/** The design document's `GET /health/production`, with what more operators ask for. */
export const healthShape = z
  .object({
    status: z.enum(['healthy', 'degraded', 'critical']),
    sla_compliance: z.number().min(0).max(100).meta({ description: 'percent' }),
    active_violations: z.int(),
    circuit_breakers: z
      .object({
        aphrodite_engine: breakerWord,
        model_inference: breakerWord,
        kv_cache: breakerWord,
        deep_tree_echo: breakerWord,
      })
      .meta({ description: 'the worst state of each kind, over all services and replicas' }),
    problems: z.array(z.string()).meta({ description: 'parts that do not answer' }),
    health_checks: healthChecksShape,
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
  others: readonly string[],
): ProductionHealth {
  const problems = [...others, ...(detector?.problems ?? [])];
  const active = detector?.summary.active ?? [];
  const isCritical =
    detector !== undefined && nextMode('normal', factsOf(detector)) === 'emergency';
  const isWell = active.length === 0 && problems.length === 0 && detector !== undefined;
  return {
    status: isCritical ? 'critical' : isWell ? 'healthy' : 'degraded',
    sla_compliance: round(detector?.summary.compliancePercent ?? 0),
    active_violations: active.length,
    circuit_breakers: circuitBreakers(detector),
    health_checks: healthChecks(detector),
    problems: detector === undefined ? [...problems, 'the detector does not answer'] : problems,
  };
}

/** The figures of the last 24 hours. */
export async function metricsSummary(
  archive: Archive,
  detector: DetectorStatus | undefined,
  view: MonitorView | undefined,
  nowMs: number,
): Promise<MetricsSummary> {
  const since = await archive.statistics(nowMs - DAY_MS);
  const outcomes = since.recoveriesByOutcome;
  const ran = (['recovered', 'rolled-back', 'rollback-incomplete', 'aborted'] as const).reduce(
    (sum, outcome) => sum + (outcomes[outcome] ?? 0),
    0,
  );
  return {
    monitoring_mode: modeOf(view, detector),
    total_alerts_24h: since.alertsSent,
    recovery_success_rate: ran === 0 ? 100 : round((100 * (outcomes.recovered ?? 0)) / ran),
    rca_analyses_24h: since.reports,
  };
}

/** The mode in force; while Temporal does not say it, the one that the violations of now call for. */
function modeOf(
  view: MonitorView | undefined,
  detector: DetectorStatus | undefined,
): MetricsSummary['monitoring_mode'] {
  const mode =
    view?.mode ?? (detector === undefined ? 'normal' : nextMode('normal', factsOf(detector)));
  return mode === 'high-alert' ? 'high_alert' : mode;
}

function factsOf({ summary }: DetectorStatus): ModeFacts {
  const { active, compliancePercent } = summary;
  return { active: active.map(({ severity }) => severity), compliancePercent };
}

const round = (value: number) => Math.round(value * 100) / 100;
