import { seededRandom } from '../fleet/base/random.js';
import type { SeriesPoints } from '../src/domain/ports.js';
import type { IncidentEvidence } from '../src/domain/rca/evidence.js';

/** Samples of each series: an hour at 10 s. */
export const POINTS = 360;
export const PERIOD_MS = 10_000;
const REPLICAS_PER_SERVICE = 10;
/** Metrics that engines, hosts and GPUs export, so that names are classified as in production. */
const METRICS = [
  'request_latency_p95',
  'aphrodite:num_requests_waiting',
  'aphrodite:num_requests_running',
  'aphrodite:kv_cache_usage_perc',
  'tokens_per_second',
  'error_rate_percent',
  'requests_per_second',
  'DCGM_FI_DEV_SM_CLOCK',
  'cpu_usage',
  'memory_bytes',
];

/** So many series of services, one replica of which goes wrong 14 samples before the end. */
export function rcaEvidence(count: number): IncidentEvidence {
  // Every run measures the same series.
  const random = seededRandom(count);
  const series = Array.from({ length: count }, (_, i): SeriesPoints => {
    const replicaIndex = Math.floor(i / METRICS.length);
    let level = 100;
    const values = Array.from({ length: POINTS }, (_unused, at) => {
      level += random.unit() - 0.5;
      return replicaIndex === 0 && at > POINTS - 15 ? 4 * level : level;
    });
    return {
      service: `service-${Math.floor(replicaIndex / REPLICAS_PER_SERVICE)}`,
      replica: `replica-${replicaIndex}`,
      metric: METRICS[i % METRICS.length]!,
      timesMs: values.map((_unused, at) => at * PERIOD_MS),
      values,
    };
  });
  return {
    incident: {
      service: 'service-0',
      replica: 'replica-0',
      metric: METRICS[0]!,
      direction: 'upper',
      startedAtMs: (POINTS - 14) * PERIOD_MS,
      openedAtMs: POINTS * PERIOD_MS,
    },
    series,
    topology: [],
    changes: [],
    pastIncidents: [],
    interventions: [],
    steps: [],
    diagnostics: [],
    missing: [],
  };
}
