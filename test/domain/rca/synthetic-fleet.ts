import type { ChangeEvent, SeriesPoints } from '../../../src/domain/ports.js';
import type { IncidentEvidence } from '../../../src/domain/rca/evidence.js';
import { seededRandom } from './seeded-random.js';

/** Where the synthetic hour's fault begins, and when its incident opened (Unix ms of 2026-01-01 12:00 UTC on). */
const FROM_MS = 1_767_268_800_000;
export const FAULT_MS = FROM_MS + 55 * 60_000;
const OPENED_MS = FAULT_MS + 120_000;
const PERIOD_MS = 10_000;
const ENGINES = ['engine-1', 'engine-2', 'engine-3'] as const;

/** The state of one engine, from which its exporters' series follow. */
interface EngineState {
  latencyMs: number;
  waiting: number;
  running: number;
  kv: number;
  hitsPerSecond: number;
  preemptionsPerSecond: number;
  tokensPerSecond: number;
  errorPercent: number;
  requestsPerSecond: number;
  clockMHz: number;
  celsius: number;
  gpuPercent: number;
}

const CALM: EngineState = {
  latencyMs: 120,
  waiting: 0,
  running: 6,
  kv: 0.4,
  hitsPerSecond: 300,
  preemptionsPerSecond: 0,
  tokensPerSecond: 400,
  errorPercent: 0,
  requestsPerSecond: 8,
  clockMHz: 1410,
  celsius: 62,
  gpuPercent: 60,
};

/** A fault: what it does to an engine's state, and to whom, `sinceMs` after it began. */
export interface SyntheticFault {
  readonly name: string;
  readonly metric: string;
  readonly direction?: 'upper' | 'lower';
  readonly hits: readonly string[];
  readonly state: (calm: EngineState, sinceMs: number) => Partial<EngineState>;
  readonly tenants?: Readonly<Record<string, number>>;
  readonly changes?: readonly ChangeEvent[];
}

const METRICS: readonly (readonly [string, keyof EngineState])[] = [
  ['request_latency_p95', 'latencyMs'],
  ['aphrodite:num_requests_waiting', 'waiting'],
  ['aphrodite:num_requests_running', 'running'],
  ['aphrodite:kv_cache_usage_perc', 'kv'],
  ['aphrodite:prefix_cache_hits_total', 'hitsPerSecond'],
  ['aphrodite:num_preemptions_total', 'preemptionsPerSecond'],
  ['tokens_per_second', 'tokensPerSecond'],
  ['error_rate_percent', 'errorPercent'],
  ['requests_per_second', 'requestsPerSecond'],
  ['DCGM_FI_DEV_SM_CLOCK', 'clockMHz'],
  ['DCGM_FI_DEV_GPU_TEMP', 'celsius'],
  ['DCGM_FI_DEV_GPU_UTIL', 'gpuPercent'],
];

/** An hour of three engines behind a gateway with one fault, as evidence taken when the incident opened. */
export function evidenceOf(
  fault: SyntheticFault,
  seed: number,
  replica?: string,
): IncidentEvidence {
  const random = seededRandom(seed);
  const jitter = (value: number): number => value * (1 + 0.08 * (random() - 0.5));
  const timesMs: number[] = [];
  for (let atMs = FROM_MS; atMs <= OPENED_MS; atMs += PERIOD_MS) timesMs.push(atMs);
  const stateAt = (engine: string, atMs: number): EngineState =>
    atMs >= FAULT_MS && fault.hits.includes(engine)
      ? { ...CALM, ...fault.state(CALM, atMs - FAULT_MS) }
      : CALM;
  const series: SeriesPoints[] = ENGINES.flatMap((engine) =>
    METRICS.map(([metric, field]) => {
      const values = timesMs.map((atMs) => jitter(stateAt(engine, atMs)[field]));
      return {
        service: 'engine',
        replica: engine,
        metric,
        timesMs,
        values: metric.endsWith('_total') ? accumulate(values) : values,
      };
    }),
  );
  const mean = (atMs: number, field: keyof EngineState): number =>
    ENGINES.reduce((sum, engine) => sum + stateAt(engine, atMs)[field], 0) / ENGINES.length;
  for (const [metric, field] of METRICS.slice(0, 9)) {
    if (metric.startsWith('aphrodite')) continue;
    const values = timesMs.map((atMs) => jitter(mean(atMs, field)));
    series.push({ service: 'engine', replica: undefined, metric, timesMs, values });
  }
  for (const tenant of ['batch', 'chat', 'noisy']) {
    const values = timesMs.map((atMs) =>
      jitter(atMs >= FAULT_MS ? (fault.tenants?.[tenant] ?? 8) : 8),
    );
    const metric = `gateway_tenant_requests{tenant="${tenant}"}`;
    series.push({ service: 'gateway', replica: undefined, metric, timesMs, values });
  }
  return {
    incident: {
      service: 'engine',
      replica,
      metric: fault.metric,
      direction: fault.direction ?? 'upper',
      startedAtMs: FAULT_MS + 20_000,
      openedAtMs: OPENED_MS,
    },
    series,
    topology: [{ from: 'gateway', to: 'engine' }],
    changes: fault.changes ?? [],
    pastIncidents: [],
    interventions: [],
    steps: [],
    diagnostics: [],
    missing: [],
  };
}

function accumulate(rates: readonly number[]): number[] {
  let total = 0;
  return rates.map((rate) => (total += (rate * PERIOD_MS) / 1000));
}

const everyone = [...ENGINES];

/** The faults of the reference fleet, and what they do to an engine. */
export const FAULTS: readonly (SyntheticFault & {
  readonly category: string;
  readonly culprit: string | undefined;
})[] = [
  {
    name: 'slow-replica',
    category: 'infrastructure',
    culprit: 'engine-2',
    metric: 'request_latency_p95',
    hits: ['engine-2'],
    state: () => ({
      latencyMs: 520,
      waiting: 4,
      running: 14,
      kv: 0.7,
      tokensPerSecond: 250,
      clockMHz: 585,
      celsius: 92,
    }),
  },
  {
    name: 'kv-leak',
    category: 'application',
    culprit: 'engine-1',
    metric: 'request_latency_p95',
    hits: ['engine-1'],
    state: (_, sinceMs) => ({
      kv: Math.min(0.99, 0.75 + sinceMs / 300_000),
      preemptionsPerSecond: 3,
      waiting: 9,
      running: 4,
      latencyMs: 480,
      tokensPerSecond: 300,
    }),
  },
  {
    name: 'stale-cache',
    category: 'application',
    culprit: 'engine-3',
    metric: 'request_latency_p95',
    hits: ['engine-3'],
    state: () => ({ hitsPerSecond: 0, latencyMs: 380, waiting: 2, running: 9, gpuPercent: 85 }),
  },
  {
    name: 'erroring-replica',
    category: 'application',
    culprit: 'engine-2',
    metric: 'error_rate_percent',
    hits: ['engine-2'],
    state: () => ({ errorPercent: 45, tokensPerSecond: 230 }),
  },
  {
    name: 'hung-core',
    category: 'application',
    culprit: 'engine-3',
    metric: 'tokens_per_second',
    direction: 'lower',
    hits: ['engine-3'],
    state: () => ({ tokensPerSecond: 0, running: 24, waiting: 30, kv: 0.8, gpuPercent: 0 }),
  },
  {
    name: 'bad-release',
    category: 'code-regression',
    culprit: undefined,
    metric: 'request_latency_p95',
    hits: everyone,
    state: () => ({ latencyMs: 600, running: 14, waiting: 3, tokensPerSecond: 220 }),
    changes: [
      {
        atMs: FAULT_MS - 45_000,
        service: 'engine',
        replica: undefined,
        kind: 'release',
        summary: 'v1.4.0 to v1.5.0',
      },
    ],
  },
  {
    name: 'overload',
    category: 'capacity-limits',
    culprit: undefined,
    metric: 'request_latency_p95',
    hits: everyone,
    state: () => ({
      requestsPerSecond: 20,
      running: 32,
      waiting: 25,
      kv: 0.95,
      preemptionsPerSecond: 1,
      latencyMs: 900,
      gpuPercent: 97,
      hitsPerSecond: 600,
      tokensPerSecond: 650,
    }),
    tenants: { batch: 20, chat: 20, noisy: 20 },
  },
  {
    name: 'noisy-tenant',
    category: 'resource-contention',
    culprit: undefined,
    metric: 'request_latency_p95',
    hits: everyone,
    state: () => ({
      requestsPerSecond: 12,
      running: 28,
      waiting: 15,
      kv: 0.93,
      latencyMs: 700,
      gpuPercent: 95,
    }),
    tenants: { batch: 8, chat: 8, noisy: 20 },
  },
];
