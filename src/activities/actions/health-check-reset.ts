import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import { defineAction, type ActContext } from './action.js';
import { balancerOf, currentServer } from './balancer.js';
import { LOOK_WITHIN_MS, probeEngine } from './engine-probe.js';
import { findHealth, isAsked, nothingAt, type HealthFinding } from './health-findings.js';
import { mayRestore } from './may-restore.js';
import { waitUntil } from './wait-until.js';

const waking = z.object({ replica: z.string(), isPausable: z.boolean(), canSleep: z.boolean() });
const reset = z.object({
  backend: z.string(),
  server: z.string(),
  address: z.string(),
  weight: z.number(),
});
const state = z.object({
  before: z.object({ down: z.array(z.string()), idle: z.array(z.string()) }),
  desired: z.object({ resets: z.array(reset), wakings: z.array(waking) }),
});
type Reset = z.output<typeof reset>;
type Waking = z.output<typeof waking>;

/** Waking from sleep copies the weights back to the device. */
const WAKES_WITHIN_MS = 30_000;
/** The balancer's own view of a server that it was told to take back. */
const UP_WITHIN_MS = 5_000;

async function wake(context: ActContext, waking: Waking): Promise<string> {
  const { engine } = context.service;
  if (engine === undefined) {
    throw new AdapterError('rejected', 'no engine administration configured');
  }
  const { replica } = waking;
  const probe = () =>
    probeEngine(engine, replica, { withinMs: LOOK_WITHIN_MS, signal: context.signal });
  if ((await probe()).kind === 'well') return `${replica} completes already`;
  if (waking.canSleep) {
    await context.fence();
    await engine.setSleeping(replica, false);
  }
  if (waking.isPausable) {
    await context.fence();
    await engine.setPaused(replica, false);
  }
  const isWell = async () => ((await probe()).kind === 'well' ? true : undefined);
  const { signal } = context;
  const woke = await waitUntil(isWell, { signal, withinMs: WAKES_WITHIN_MS });
  return woke === true ? `${replica} completes again` : `${replica} still completes nothing`;
}

/** Through maintenance and back, which no abort leaves half done. */
async function cycle(context: ActContext, { backend, server }: Reset): Promise<void> {
  const balancer = balancerOf(context);
  await context.fence();
  try {
    await balancer.setAdmin(backend, server, 'maint');
  } catch (error) {
    // It may have taken effect: the next attempt may never come.
    if (await mayRestore(context)) await balancer.setAdmin(backend, server, 'ready');
    throw error;
  }
  // An attempt that dies here leaves it so: the next one finds it in maint, and goes on.
  if (!(await mayRestore(context))) await context.fence();
  await balancer.setAdmin(backend, server, 'ready');
}

/** Makes the balancer look at a server anew. It is up at once after maintenance, and then checked. */
async function resetServer(context: ActContext, one: Reset): Promise<string> {
  const balancer = balancerOf(context);
  const { backend, server, address, weight } = one;
  const where = `${backend}/${server}`;
  const now = await currentServer(context, one);
  if (now === undefined) return `${where} is gone`;
  if (now.admin === 'drain') return `${where} is in drain, set by somebody else since: left alone`;
  if (now.isUp && now.admin === 'ready') return `${where} is up already`;
  if (now.admin === 'ready') {
    // Completes what an interrupted adding left undone: checks that were configured, and never enabled.
    await context.fence();
    await balancer.addServer(backend, { name: server, address, weight });
  }
  if ((await currentServer(context, one))?.isUp !== true) await cycle(context, one);
  const isUp = async () => ((await currentServer(context, one))?.isUp === true ? true : undefined);
  const { signal } = context;
  const up = await waitUntil(isUp, { signal, withinMs: UP_WITHIN_MS });
  return up === true ? `${where} is up again` : `${where} is still down`;
}

/**
 * Puts a replica back to work that only looks ill: up at the balancer when its engine completes, and
 * resumed when it was paused or put to sleep. A drain or maintenance that was ordered is left alone:
 * it may be an earlier step's.
 */
export const healthCheckReset = defineAction({
  name: 'health_check_reset',
  state,
  irreversible:
    'it lets the health checks decide anew, which they go on doing; nobody wants a pause back',
  settleMs: 3_000,
  timeoutMs: 60_000,
  async prepare(context) {
    const { engine, name } = context.service;
    if (engine === undefined) {
      return { kind: 'refuse', why: `service "${name}" has no engine administration configured` };
    }
    const { backend, findings } = await findHealth(context, engine);
    const isDown = ({ probe, server }: HealthFinding) =>
      probe.kind === 'well' && server?.admin === 'ready' && !server.isUp;
    const isIdle = (one: HealthFinding) => one.probe.kind === 'ill' && isAsked(one);
    const down = findings.filter(isDown);
    const idle = findings.filter(isIdle);
    if (down.length + idle.length === 0) {
      return { kind: 'skip', why: findings.map(nothingAt).join('; ') };
    }
    const resets = down.flatMap(({ server }): Reset[] => {
      if (server === undefined) return [];
      const { name, address, weight } = server;
      return [{ backend, server: name, address, weight }];
    });
    const wakings = idle.map(({ replica, offered }): Waking => ({
      replica,
      isPausable: offered.has('pause'),
      canSleep: offered.has('sleep'),
    }));
    const lines = [
      ...resets.map(
        ({ server }) =>
          `take ${backend}/${server} back, whose engine is well: enable health, set server ${backend}/${server} state maint, state ready`,
      ),
      ...wakings.map(
        ({ replica, isPausable, canSleep }) =>
          `should ${replica}, which completes nothing, be paused or asleep: ` +
          [...(canSleep ? ['POST /wake_up'] : []), ...(isPausable ? ['POST /resume'] : [])].join(
            ', ',
          ),
      ),
    ];
    return {
      kind: 'ready',
      before: { down: resets.map((r) => r.server), idle: wakings.map((w) => w.replica) },
      desired: { resets, wakings },
      line: lines.join('; '),
      undoLine: '',
    };
  },
  async apply(context, { desired }) {
    const told: string[] = [];
    for (const one of desired.wakings) {
      context.signal.throwIfAborted();
      told.push(await wake(context, one));
    }
    for (const one of desired.resets) {
      context.signal.throwIfAborted();
      told.push(await resetServer(context, one));
    }
    return told.join('; ');
  },
  undo: () => Promise.resolve('nothing to undo: the health checks go on deciding'),
});
