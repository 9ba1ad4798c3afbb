import { describeChange } from '../describe-change.js';
import { changeIn, demandRise, isMeasured } from '../facts.js';
import { scaledIn } from '../scalings.js';
import { noisyTenant } from '../tenants.js';
import { stepArguments } from './step-arguments.js';
import { argue, closeness, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** More is asked of the service than it can serve. */
export const capacityLimits: Hypothesis = {
  kind: 'capacity-limits',
  title: 'demand beyond the capacity of the service',
  assess(facts) {
    const load = demandRise(facts);
    const isMore = load !== undefined && load.after > MORE_LOAD * load.before;
    const queue = changeIn(facts, 'queue', 'rise');
    const kv = changeIn(facts, 'kv-usage', 'rise');
    const preemptions = changeIn(facts, 'preemptions', 'rise');
    const isAlone = facts.scope.kind === 'replica';
    const isOneTenant = noisyTenant(facts) !== undefined;
    const isFlat = !isMore && isMeasured(facts, 'load');
    const taken = scaledIn(facts.recentChanges);
    const { service } = facts.evidence.incident;
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
          [
            taken !== undefined,
            () => `capacity was taken away: ${taken!.summary}`,
            closeness(facts.onsetMs - (taken?.atMs ?? 0)),
          ],
          [isFlat, () => 'the load is as before', -STRONG],
          [isAlone, () => 'the other replicas have capacity left', -STRONG],
          [isOneTenant, () => 'one tenant alone asks for more', -STRONG],
        ),
        ...stepArguments(facts, { scale_resources: GOOD }),
      ],
      mechanism: isMore ? 'overload' : taken && 'too few replicas',
      metric: (load ?? queue ?? kv)?.metric,
      place: { service, replica: undefined },
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
