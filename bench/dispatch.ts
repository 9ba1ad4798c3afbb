import { setImmediate as turn } from 'node:timers/promises';
import { Dispatcher } from '../src/detector/dispatch.js';
import type { IncidentGate } from '../src/detector/incident-gate.js';
import { SlaEvaluator } from '../src/domain/sla/evaluator.js';
import { DEFAULT_SLA_POLICY } from '../src/domain/sla/policy.js';
import { DEFAULT_THRESHOLDS, type Threshold } from '../src/domain/sla/threshold.js';
import type { Figure } from './evaluate.js';
import { quantile } from './quantile.js';

const SERVICES = 100;
const REPLICAS = 10;
const SECONDS = 90;
const START_MS = 1_700_000_000_000;
/** Of its ten replicas one goes bad in each service: a violation of its own, not of the service. */
const BAD = 3;

const P95: Threshold = { ...DEFAULT_THRESHOLDS[0]!, windowMs: 30_000 };

/**
 * From the sample that meets the criteria to the call that starts its incident, with 1,000 series of
 * which 100 go bad at different seconds. Each second's samples come in one burst, as a round of
 * scrapes delivers them; between bursts the loop turns, so that calls of before end. What Temporal
 * takes for its answer is not part of it.
 */
export async function benchDispatch(): Promise<Figure[]> {
  let sampleAt = 0;
  const latencies: number[] = [];
  const started = new Set<string>();
  const gate: IncidentGate = {
    observe({ fingerprint }) {
      if (!started.has(fingerprint)) latencies.push(performance.now() - sampleAt);
      started.add(fingerprint);
      return turn();
    },
    resolve: () => Promise.resolve(true),
    noData: () => Promise.resolve(true),
    open: () => Promise.resolve([]),
  };
  let nowMs = START_MS;
  const evaluator = new SlaEvaluator([P95], { ...DEFAULT_SLA_POLICY, latenessMs: 0 });
  const dispatcher = new Dispatcher({
    gate,
    tellEveryMs: 15_000,
    reconcileEveryMs: 15_000,
    retryEveryMs: 1_000,
    now: () => nowMs,
    onFailed: (error) => {
      throw error;
    },
    whyUnseenOver: () => undefined,
  });
  for (let second = 0; second < SECONDS; second += 1) {
    nowMs = START_MS + 1000 * second;
    for (const event of evaluator.advance(nowMs)) dispatcher.take(event);
    for (let service = 0; service < SERVICES; service += 1) {
      // From 30 s on, a few services each second.
      const isBad = second > 30 + (service % 30);
      for (let replica = 0; replica < REPLICAS; replica += 1) {
        const value = isBad && replica === BAD ? 400 : 150 + ((second * 7 + replica) % 20);
        sampleAt = performance.now();
        const events = evaluator.observe({
          ...{ metric: P95.metric, service: `s${service}`, replica: `r${replica}` },
          ...{ atMs: nowMs, value },
        });
        for (const event of events) dispatcher.take(event);
      }
    }
    dispatcher.tick(evaluator.open());
    await turn();
  }
  if (started.size !== SERVICES) {
    throw new Error(`${started.size} incidents were started instead of ${SERVICES}`);
  }
  const at = (share: number) => quantile(latencies, share);
  return [
    { name: 'sample to start request, 1,000 series, p50', value: at(0.5), unit: 'ms' },
    { name: 'sample to start request, 1,000 series, p99', value: at(0.99), unit: 'ms', bound: 20 },
  ];
}
