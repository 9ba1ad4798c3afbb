import { z } from 'zod';
import { percentileOf, rampWeights, relievedWeight } from '../../domain/recovery/weights.js';
import { defineAction, type ActContext } from './action.js';
import { findServer, isServing, refusal, worseThanPeers } from './server-target.js';
import { balancerOf, currentServer } from './balancer.js';

const setting = z.object({ backend: z.string(), server: z.string(), weight: z.number() });
/** `ramp`: weights on the way back, any of which may be in force while it is released. */
const desired = setting.extend({ ramp: z.array(z.number()).optional() });
const state = z.object({ before: setting, desired });

async function setWeight(
  context: ActContext,
  wanted: z.output<typeof setting>,
  expected: readonly number[],
): Promise<string> {
  const where = `${wanted.backend}/${wanted.server}`;
  const now = await currentServer(context, wanted);
  if (now === undefined) return `${where} is gone`;
  if (now.weight === wanted.weight) return `weight of ${where} is ${wanted.weight} already`;
  if (!expected.includes(now.weight)) {
    return `weight of ${where} is ${now.weight}, set by somebody else since: left alone`;
  }
  await context.fence();
  await balancerOf(context).setWeight(wanted.backend, wanted.server, wanted.weight);
  return `weight of ${where} ${now.weight} → ${wanted.weight}`;
}

/** Takes load off a replica that is worse than its peers, by its weight at the load balancer. */
export const loadBalancerAdjust = defineAction({
  name: 'load_balancer_adjust',
  state,
  settleMs: 2_000,
  timeoutMs: 15_000,
  async prepare(context) {
    const found = await findServer(context);
    if (found.kind !== 'found') return found;
    const { backend, server, replica, times } = found;
    if (server.admin !== 'ready') {
      return { kind: 'skip', why: `${backend}/${server.name} is in ${server.admin} already` };
    }
    const percent = context.parameters?.weightPercent;
    const weight =
      percent === undefined
        ? relievedWeight(server.initialWeight, times, {
            othersWeight: found.servers
              .filter((other) => other.name !== server.name && isServing(found, other))
              .reduce((sum, other) => sum + other.weight, 0),
            percentile: percentileOf(context.violation.metric),
          })
        : // At least 1, so that it keeps being measured.
          Math.max(1, Math.round((server.initialWeight * percent) / 100));
    if (weight >= server.weight) {
      return {
        kind: 'skip',
        why: `weight of ${backend}/${server.name} is ${server.weight} already`,
      };
    }
    const why = refusal(context, found, server.name);
    if (why !== undefined) return { kind: 'refuse', why };
    const at = { backend, server: server.name };
    const shares = context.world.policy.releaseRampPercent ?? [];
    const ramp = rampWeights(weight, server.weight, shares);
    return {
      kind: 'ready',
      before: { ...at, weight: server.weight },
      desired: { ...at, weight, ramp },
      line: `take load off ${replica}${worseThanPeers(found)}: set server ${backend}/${server.name} weight ${weight} (was ${server.weight})`,
      undoLine: `set server ${backend}/${server.name} weight ${server.weight}`,
      ramp: ramp.map((stage) => ({
        desired: { ...at, weight: stage, ramp },
        line: `set server ${backend}/${server.name} weight ${stage}`,
      })),
    };
  },
  apply: (context, { before, desired: wanted }) => setWeight(context, wanted, [before.weight]),
  undo: (context, { before, desired: { weight, ramp = [] } }) =>
    setWeight(context, before, [weight, ...ramp]),
});
