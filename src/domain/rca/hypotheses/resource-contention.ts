import { describeChange } from '../describe-change.js';
import { changeAnywhere, changeIn } from '../facts.js';
import { biggerRequests, noisyTenant } from '../tenants.js';
import { stepArguments } from './step-arguments.js';
import { argue, GOOD, STRONG, WEAK, type Hypothesis } from './hypothesis.js';

/** Somebody takes what others need: a noisy tenant, a neighbour on the host or in the KV cache. */
export const resourceContention: Hypothesis = {
  kind: 'resource-contention',
  title: 'competition for shared resources',
  assess(facts) {
    const tenants = facts.changes.filter(({ signal }) => signal === 'tenant-load');
    const one = noisyTenant(facts);
    const noisy = one ?? changeAnywhere(facts, 'tenant-load', 'rise');
    const isOneTenant = one !== undefined;
    const prompts = changeAnywhere(facts, 'prompt-size', 'rise');
    const preemptions = changeIn(facts, 'preemptions', 'rise');
    const host = changeIn(facts, 'cpu', 'rise') ?? changeIn(facts, 'memory', 'rise');
    const isLonger = biggerRequests(facts) !== undefined;
    return {
      arguments: [
        ...argue(
          [isOneTenant, () => `${describeChange(noisy!)} while other tenants did not`, STRONG],
          [noisy !== undefined && !isOneTenant, () => describeChange(noisy!), WEAK],
          [
            isLonger,
            () => `${describeChange(prompts!)}, more than the requests: they are bigger`,
            GOOD,
          ],
          [preemptions !== undefined, () => describeChange(preemptions!), WEAK],
          [host !== undefined, () => describeChange(host!), WEAK],
          [
            tenants.length > 0 && noisy === undefined,
            () => 'no tenant asks for more than before',
            -STRONG,
          ],
          [facts.scope.kind === 'replica', () => 'only one replica is hit, tenants use all', -WEAK],
        ),
        ...stepArguments(facts, { traffic_routing: GOOD }),
      ],
      mechanism: isOneTenant || isLonger ? 'noisy tenant' : host && 'contended host',
      metric: (one ?? prompts ?? noisy ?? preemptions ?? host)?.metric,
      ...((isOneTenant || isLonger) && {
        place: { service: facts.evidence.incident.service, replica: undefined },
      }),
    };
  },
  recommendations: [
    'Give the tenant a replica of its own, or limit its rate, until the others are served again',
  ],
  prevention: [
    'Set rate and concurrency limits per tenant',
    'Reserve KV cache per tenant or class',
  ],
};
