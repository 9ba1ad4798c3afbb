import { performance } from 'node:perf_hooks';
import {
  createAnomalyState,
  scoreAnomaly,
  type AnomalyState,
} from '../src/domain/sla/anomaly/anomaly-state.js';

/** One figure of the bench; `bound` is the most it may be. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound?: number;
}

/** As many metrics in turn as no cache would keep all of: 200 × 5 KB. */
const METRICS = 200;
const SAMPLES_PER_METRIC = 2000;
const ROUNDS = 5;
const PERIOD_MS = 60_000;
const START = Date.UTC(2026, 0, 5);

/** Cost of the anomaly detector: CPU nanoseconds per sample (the best of five rounds), bytes per metric. */
export function benchAnomaly(): Promise<Figure[]> {
  const values = lognormal(4096);
  const states = Array.from({ length: METRICS }, () => createAnomalyState());
  let best = Infinity;
  // Rounds go on where the last one ended: from the second on all metrics are past their warm-up.
  for (let round = 0; round < ROUNDS; round++) {
    best = Math.min(best, scoreRound(states, values, round * SAMPLES_PER_METRIC));
  }
  return Promise.resolve([
    { name: 'anomaly detector, per sample', value: Math.round(best), unit: 'ns', bound: 2000 },
    { name: 'anomaly detector, per metric', value: bytesPerMetric(), unit: 'bytes', bound: 8192 },
  ]);
}

function scoreRound(states: readonly AnomalyState[], values: Float64Array, from: number): number {
  let alerts = 0;
  const began = performance.now();
  for (let i = from; i < from + SAMPLES_PER_METRIC; i++) {
    const atMs = START + i * PERIOD_MS;
    states.forEach((state, metric) => {
      if (scoreAnomaly(state, atMs, values[(i * 7 + metric) % values.length]!) >= 0.5) alerts++;
    });
  }
  const elapsedMs = performance.now() - began;
  // Uses the result, lest the loop be optimised away.
  if (alerts > METRICS * SAMPLES_PER_METRIC) throw new RangeError('more alerts than samples');
  return (elapsedMs * 1e6) / (METRICS * SAMPLES_PER_METRIC);
}

/** Memory, on the heap and beside it, that each of many states takes. */
function bytesPerMetric(): number {
  const count = 5000;
  const used = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const states = new Array<AnomalyState>(count);
  const before = used();
  for (let i = 0; i < count; i++) states[i] = createAnomalyState();
  const bytes = (used() - before) / count;
  // A collection in between would hide some: never report less than the cells themselves.
  return Math.round(Math.max(bytes, states[0]!.cells.byteLength));
}

/** Latency-like values from a fixed linear congruential generator. */
function lognormal(length: number): Float64Array {
  let seed = 1;
  const uniform = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float64Array.from({ length }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return 50 * Math.exp(0.3 * normal);
  });
}
