import { z } from 'zod';
import { percentileOf, rampWeights, relievedWeight } from '../../domain/recovery/weights.js';
import { AdapterError } from '../../domain/ports.js';
import type { OwedUndo } from '../../workflows/messages.js';
import type { World } from '../world.js';
import { defineAction, type ActContext } from './action.js';
import { handOn, type Stacking } from './hand-on.js';
import { findServer, isServing, refusal, serverNameOf, worseThanPeers } from './server-target.js';
import { balancerOf, currentServer } from './balancer.js';

const setting = z.object({ backend: z.string(), server: z.string(), weight: z.number() });
/** `ramp`: weights on the way back, any of which may be in force while it is released. */
const desired = setting.extend({ ramp: z.array(z.number()).optional() });
const state = z.object({ before: setting, desired });
type Setting = z.output<typeof setting>;
type State = z.output<typeof state>;

/** A reduced weight, and the way back to the one before, in the shares that the policy says. */
function reduction(world: World, before: Setting, weight: number): Omit<OwedUndo, 'step'> {
  const { backend, server } = before;
  const line = (value: number) => `set server ${backend}/${server} weight ${value}`;
  const ramp = rampWeights(weight, before.weight, world.policy.releaseRampPercent ?? []);
  return {
    before,
    desired: { ...before, weight, ramp },
    undoLine: line(before.weight),
    ramp: ramp.map((stage) => ({
      desired: { ...before, weight: stage, ramp },
      line: line(stage),
    })),
  };
}

/** What was reduced twice goes back in one, when the later of both is undone. */
const stackingIn = (world: World): Stacking<State> => ({
  state,
  isOn: ({ before }, { desired: { backend, server, weight, ramp = [] } }) =>
    before.backend === backend &&
    before.server === server &&
    [weight, ...ramp].includes(before.weight),
  joined: (theirs, mine) => reduction(world, mine.before, theirs.desired.weight),
});

/**
 * Who undoes it when another weight is set than this change's; undefined where it was none of ours.
 *
 * @throws AdapterError `timeout` while a breaker tries the replica with a share of that weight.
 */
async function leftTo(context: ActContext, mine: State): Promise<string | undefined> {
  const { service, world } = context;
  const held = (await world.breakers.states()).find(
    ({ service: name, replica, hold }) =>
      name === service.name &&
      replica !== undefined &&
      serverNameOf(service, replica) === mine.before.server &&
      hold.weight !== null,
  );
  if (held !== undefined) {
    const why = `the breaker of ${held.replica ?? ''} is on trial with a share of the weight`;
    throw new AdapterError('timeout', `${why}: that is undone when the trial is over`);
  }
  return handOn(context, mine, stackingIn(world));
}

async function setWeight(
  context: ActContext,
  wanted: Setting,
  expected: readonly number[],
  whoElse: () => Promise<string | undefined> = () => Promise.resolve(undefined),
): Promise<string> {
  const where = `${wanted.backend}/${wanted.server}`;
  const now = await currentServer(context, wanted);
  if (now === undefined) return `${where} is gone`;
  if (now.weight === wanted.weight) return `weight of ${where} is ${wanted.weight} already`;
  if (!expected.includes(now.weight)) {
    const left = (await whoElse()) ?? 'set by somebody else since: left alone';
    return `weight of ${where} is ${now.weight}, ${left}`;
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
    const before = { backend, server: server.name, weight: server.weight };
    return {
      kind: 'ready',
      ...reduction(context.world, before, weight),
      line: `take load off ${replica}${worseThanPeers(found)}: set server ${backend}/${server.name} weight ${weight} (was ${server.weight})`,
    };
  },
  apply: (context, { before, desired: wanted }) => setWeight(context, wanted, [before.weight]),
  undo: (context, mine) => {
    const { weight, ramp = [] } = mine.desired;
    return setWeight(context, mine.before, [weight, ...ramp], () => leftTo(context, mine));
  },
});
