import { describeChange } from '../describe-change.js';
import { changeAnywhere, changeIn, demandRise } from '../facts.js';
import { noisyTenant } from '../tenants.js';
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
    const load = demandRise(facts);
    const preemptions = changeIn(facts, 'preemptions', 'rise');
    const host = changeIn(facts, 'cpu', 'rise') ?? changeIn(facts, 'memory', 'rise');
    const isLonger =
      prompts !== undefined && growth(prompts) > LONGER_PROMPTS * Math.max(1, growth(load));
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

/** Tokens must grow half as much again as requests to call the requests bigger. */
const LONGER_PROMPTS = 1.5;

function growth(change: { before: number; after: number } | undefined): number {
  return change === undefined || !(change.before > 0) ? 1 : change.after / change.before;
}
