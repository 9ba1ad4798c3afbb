import { describeChange } from '../describe-change.js';
import { changeIn, crashOf } from '../facts.js';
import { describeMetric } from '../metric-kind.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

const CONNECTION = /connection (reset|refused|timed out)|econnreset|etimedout|no route|dns/i;

/** Between services: callers wait for, or lose, calls that the callee serves quickly. */
export const network: Hypothesis = {
  kind: 'network',
  title: 'the network between services',
  assess(facts) {
    const outside = facts.changes.find(
      (change) =>
        change.signal === 'latency' &&
        change.isWorse &&
        describeMetric(change.metric).view === 'caller',
    );
    const inside = facts.changes.filter(
      ({ signal, metric }) => signal === 'latency' && describeMetric(metric).view !== 'caller',
    );
    const isCalmInside = inside.length > 0 && inside.every(({ hasChanged }) => !hasChanged);
    const traffic = changeIn(facts, 'network', 'fall');
    const first = facts.ranking.confident ? facts.ranking.ranking[0] : undefined;
    const isEdge = first !== undefined && describeMetric(first.metric).view === 'caller';
    const broken = changeIn(facts, 'connections', 'rise');
    const isGone = changeIn(facts, 'availability', 'fall') ?? crashOf(facts);
    const log = facts.evidence.diagnostics.find(({ text }) => CONNECTION.test(text));
    return {
      arguments: argue(
        [
          outside !== undefined && isCalmInside,
          () => `${describeChange(outside!)} for its callers, though not inside it`,
          STRONG,
        ],
        [
          isEdge,
          () => `calls to ${first!.service} take longer on the way (${first!.metric})`,
          STRONG,
        ],
        [
          broken !== undefined && !isGone,
          () => `${describeChange(broken!)}, though its process is up`,
          GOOD,
        ],
        [traffic !== undefined, () => describeChange(traffic!), WEAK],
        [log !== undefined, () => `${log!.kind} show broken connections`, GOOD],
        [
          inside.some(({ isWorse }) => isWorse) && !isEdge,
          () => 'the engines themselves are slower, where no network is in between',
          -GOOD,
        ],
      ),
      mechanism: outside || isEdge ? 'slow or lossy path' : undefined,
      metric: outside?.metric ?? (isEdge ? first.metric : undefined),
    };
  },
  recommendations: [
    'Compare the callers’ latency with the callee’s own on each path, and check for retransmits',
    'Route around the path until it is well',
  ],
  prevention: ['Measure every call at both ends', 'Alert on retransmits and connection errors'],
};
