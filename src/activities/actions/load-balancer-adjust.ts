import { z } from 'zod';
import { relievedWeight } from '../../domain/recovery/weights.js';
import { defineAction, type ActContext } from './action.js';
import { findServer, refusal, worseThanPeers } from './server-target.js';
import { balancerOf, currentServer } from './balancer.js';

const setting = z.object({ backend: z.string(), server: z.string(), weight: z.number() });
const state = z.object({ before: setting, desired: setting });

async function setWeight(
  context: ActContext,
  wanted: z.output<typeof setting>,
  expected: number,
): Promise<string> {
  const where = `${wanted.backend}/${wanted.server}`;
  const now = await currentServer(context, wanted);
  if (now === undefined) return `${where} is gone`;
  if (now.weight === wanted.weight) return `weight of ${where} is ${wanted.weight} already`;
  if (now.weight !== expected) {
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
    const weight = relievedWeight(server.initialWeight, times);
    if (weight >= server.weight) {
      return {
        kind: 'skip',
        why: `weight of ${backend}/${server.name} is ${server.weight} already`,
      };
    }
    const why = refusal(context, found, server.name);
    if (why !== undefined) return { kind: 'refuse', why };
    const at = { backend, server: server.name };
    return {
      kind: 'ready',
      before: { ...at, weight: server.weight },
      desired: { ...at, weight },
      line: `take load off ${replica}${worseThanPeers(found)}: set server ${backend}/${server.name} weight ${weight} (was ${server.weight})`,
      undoLine: `set server ${backend}/${server.name} weight ${server.weight}`,
    };
  },
  apply: (context, { before, desired }) => setWeight(context, desired, before.weight),
  undo: (context, { before, desired }) => setWeight(context, before, desired.weight),
});
