import { describeChange } from '../describe-change.js';
import { changeAnywhere, changeIn, isMeasured } from '../facts.js';
import { stepArguments } from './step-arguments.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** More is asked of the service than it can serve. */
export const capacityLimits: Hypothesis = {
  kind: 'capacity-limits',
  title: 'demand beyond the capacity of the service',
  assess(facts) {
    const load = changeAnywhere(facts, 'load', 'rise');
    const isMore = load !== undefined && load.after > MORE_LOAD * load.before;
    const queue = changeIn(facts, 'queue', 'rise');
    const kv = changeIn(facts, 'kv-usage', 'rise');
    const preemptions = changeIn(facts, 'preemptions', 'rise');
    const isAlone = facts.scope.kind === 'replica';
    const tenants = facts.changes.filter(({ signal }) => signal === 'tenant-load');
    const isOneTenant =
      tenants.some(({ hasChanged, units }) => hasChanged && units > 0) &&
      tenants.some(({ hasChanged }) => !hasChanged);
    const isFlat = !isMore && isMeasured(facts, 'load');
    const scaledIn = facts.recentChanges.find(
      ({ kind, summary }) => kind === 'scale' && isScaledIn(summary),
    );
    return {
      arguments: [
        ...argue(
          [
            isMore,
            () => `the load rose: ${describeChange(load!)}`,
            // A tenant's requests are in the load too, and then are no sign of demand in general.
            isOneTenant ? WEAK : STRONG,
          ],
          [isMore && queue !== undefined, () => describeChange(queue!), GOOD],
          [isMore && kv !== undefined, () => describeChange(kv!), WEAK],
          [isMore && preemptions !== undefined, () => describeChange(preemptions!), WEAK],
          [!isAlone && queue !== undefined, () => 'requests wait at all replicas', WEAK],
          [scaledIn !== undefined, () => `capacity was taken away: ${scaledIn!.summary}`, STRONG],
          [isFlat, () => 'the load is as before', -STRONG],
          [isAlone, () => 'the other replicas have capacity left', -STRONG],
          [isOneTenant, () => 'one tenant alone asks for more', -STRONG],
        ),
        ...stepArguments(facts, { scale_resources: GOOD }),
      ],
      mechanism: isMore ? 'overload' : scaledIn && 'too few replicas',
      metric: (load ?? queue ?? kv)?.metric,
    };
  },
  recommendations: [
    'Add replicas, or shed the least important load, until the queue is empty again',
    'Check whether the growth will stay, and plan capacity for it',
  ],
  prevention: [
    'Scale on queue length and KV use rather than on GPU utilization',
    'Limit admission so that an overload ends in refusals, not in timeouts for all',
  ],
};

/** A load that rose by less than 20 % is ordinary variation that the service must carry. */
const MORE_LOAD = 1.2;

/** Whether the words of a scaling tell of fewer replicas: by a word, or by numbers as in `3 to 2`. */
function isScaledIn(summary: string): boolean {
  const numbers = /(\d+)\D{1,20}?(\d+)/.exec(summary);
  if (numbers) return Number(numbers[2]) < Number(numbers[1]);
  return /\b(down|fewer|reduc\w*|remov\w*)\b/i.test(summary);
}
