import { SlaEvaluator } from '../../../src/domain/sla/evaluator.js';
import { DEFAULT_SLA_POLICY, type SlaPolicy } from '../../../src/domain/sla/policy.js';
import type { SlaEvent, SliSample } from '../../../src/domain/sla/samples.js';
import type { Threshold } from '../../../src/domain/sla/threshold.js';

/** An arbitrary instant, in Unix ms, on a full minute. */
export const T0 = 1_700_000_040_000;

/** A latency threshold: limit 250 ms, 5 min, 80 %. */
export function latency(rest: Partial<Threshold> = {}): Threshold {
  return {
    name: 'latency',
    metric: 'latency',
    target: 200,
    tolerancePercent: 25,
    direction: 'upper',
    unit: 'ms',
    windowMs: 300_000,
    sustainedPercent: 80,
    violationType: 'latency_breach',
    enabled: true,
    minDemandPerSecond: undefined,
    ...rest,
  };
}

/** The shipped policy without the statistical findings, which have their own tests. */
export const RULE_ONLY: SlaPolicy = {
  ...DEFAULT_SLA_POLICY,
  regression: { ...DEFAULT_SLA_POLICY.regression, enabled: false },
  anomaly: { ...DEFAULT_SLA_POLICY.anomaly, enabled: false },
};

/** An evaluator of one latency threshold by `RULE_ONLY`. */
export function evaluatorOf(
  threshold: Partial<Threshold> = {},
  policy: Partial<SlaPolicy> = {},
): SlaEvaluator {
  return new SlaEvaluator([latency(threshold)], { ...RULE_ONLY, ...policy });
}

/** A sample of the latency of service `chat`; `atS` seconds after `T0`. */
export function at(
  atS: number,
  value: number,
  replica?: string,
  demandPerSecond?: number,
): SliSample {
  const atMs = T0 + Math.round(atS * 1000);
  return { metric: 'latency', service: 'chat', replica, atMs, value, demandPerSecond };
}

/** Feeds samples in the given order, the clock going with their time, and returns all events. */
export function feed(evaluator: SlaEvaluator, samples: Iterable<SliSample>): SlaEvent[] {
  const events: SlaEvent[] = [];
  for (const sample of samples) {
    events.push(...evaluator.advance(sample.atMs), ...evaluator.observe(sample));
  }
  return events;
}

/** Samples every `periodS` in [fromS, toS), valued by `value`; of several replicas in turn. */
export function series(
  fromS: number,
  toS: number,
  periodS: number,
  value: (atS: number, replica: string | undefined) => number,
  replicas: readonly (string | undefined)[] = [undefined],
): SliSample[] {
  const samples: SliSample[] = [];
  for (let atS = fromS; atS < toS; atS += periodS) {
    replicas.forEach((replica) => samples.push(at(atS, value(atS, replica), replica)));
  }
  return samples;
}

/** Events of violations, short: `violation engine-1 critical @240`; times in seconds after `T0`. */
export function story(events: readonly SlaEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'violation' && event.type !== 'severity' && event.type !== 'resolved') {
      return [];
    }
    const { replica, severity } = event.violation;
    const atS = (event.atMs - T0) / 1000;
    return [`${event.type} ${replica ?? 'service'} ${severity} @${atS}`];
  });
}
