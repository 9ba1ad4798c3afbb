import { sampleCorrelation } from 'simple-statistics';
import { analysisSteps } from '../src/domain/rca/analyse.js';
import { correlate } from '../src/domain/rca/correlation.js';
import type { IncidentEvidence } from '../src/domain/rca/evidence.js';
import type { SeriesPoints } from '../src/domain/ports.js';

const POINTS = 360;
const PERIOD_MS = 10_000;
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

/** Seeded (mulberry32): every run measures the same series. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function evidenceWith(count: number): IncidentEvidence {
  const random = seeded(count);
  const series = Array.from({ length: count }, (_, i): SeriesPoints => {
    const replicaIndex = Math.floor(i / METRICS.length);
    let level = 100;
    const values = Array.from({ length: POINTS }, (_unused, at) => {
      level += random() - 0.5;
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

interface Run {
  readonly cpuSeconds: number;
  readonly longestStepMs: number;
  readonly rssMiB: number;
}

function run(evidence: IncidentEvidence): Run {
  const before = process.cpuUsage();
  const steps = analysisSteps(evidence);
  let longestStepMs = 0;
  let rss = 0;
  for (let done = false; !done;) {
    const from = performance.now();
    done = steps.next().done === true;
    longestStepMs = Math.max(longestStepMs, performance.now() - from);
    rss = Math.max(rss, process.memoryUsage.rss());
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, longestStepMs, rssMiB: rss / 2 ** 20 };
}

/** The naive way: Pearson anew for every series and lag, without significance. CPU seconds. */
function naive(evidence: IncidentEvidence): number {
  const before = process.cpuUsage();
  const [target, ...others] = evidence.series;
  for (const one of others) {
    for (let lag = -LAGS; lag <= LAGS; lag++) {
      sampleCorrelation(
        one.values.slice(Math.max(0, -lag), POINTS - Math.max(0, lag)),
        target!.values.slice(Math.max(0, lag), POINTS - Math.max(0, -lag)),
      );
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** 30 min of 10 s, either way. */
const LAGS = 180;

/** Measures a whole analysis, and its correlation against the naive way, on the same series. */
export function benchRca(): Promise<
  { name: string; value: number; unit: string; bound?: number }[]
> {
  const small = evidenceWith(500);
  run(evidenceWith(100)); // Lets the compiler warm up, as in a worker that has run before.
  const analysed = run(small);
  const window = { fromMs: 0, toMs: POINTS * PERIOD_MS };
  const before = process.cpuUsage();
  correlate(small.series[0]!, small.series.slice(1), window);
  const { user, system } = process.cpuUsage(before);
  const ours = (user + system) / 1e6;
  const theirs = naive(small);
  const large = run(evidenceWith(5000));
  return Promise.resolve([
    { name: 'rca 500 x 360, CPU', value: analysed.cpuSeconds, unit: 's', bound: 1 },
    { name: 'rca 500 x 360, longest step', value: analysed.longestStepMs, unit: 'ms', bound: 50 },
    { name: 'rca 500 x 360, lagged correlation, CPU', value: ours, unit: 's' },
    { name: 'rca 500 x 360, simple-statistics per lag, CPU', value: theirs, unit: 's' },
    { name: 'rca 5000 x 360, CPU', value: large.cpuSeconds, unit: 's', bound: 15 },
    { name: 'rca 5000 x 360, longest step', value: large.longestStepMs, unit: 'ms', bound: 50 },
    { name: 'rca 5000 x 360, resident memory', value: large.rssMiB, unit: 'MiB', bound: 500 },
  ]);
}
