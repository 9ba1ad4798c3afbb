import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import type { Breaker } from '../../domain/recovery/breaker.js';
import type { BreakerView } from '../../workflows/breaker-messages.js';
import { defineAction, type ActContext, type PrepareContext } from './action.js';
import {
  isServing,
  nobodyStandsOut,
  readPool,
  refusal,
  serverNameOf,
  suspects,
  worseThanPeers,
  type Pool,
  type Suspect,
} from './server-target.js';

/** The breaker that a procedure opens: that of the engine as its callers see it. */
const KIND = 'aphrodite_engine';
/** On whose behalf; what anybody else did since is left alone. */
const BY = 'recovery';

const state = z.object({
  /** What this action is owed to restore: the breakers that were closed. */
  before: z.object({ closed: z.array(z.string()) }),
  desired: z.object({ open: z.array(z.string()), why: z.string() }),
});

interface Cut {
  readonly replica: string;
  readonly line: string;
  readonly undoLine: string;
}

/** That replica's breaker as it is now; undefined when it was never used: closed. */
function breakerOf(
  states: readonly BreakerView[],
  service: string,
  replica: string,
): Breaker | undefined {
  return states.find((s) => s.service === service && s.replica === replica)?.breakers[KIND];
}

/** Whether its trial is in force: a share of its weight, set by the breaker. */
function isTried(states: readonly BreakerView[], service: string, replica: string): boolean {
  const view = states.find((s) => s.service === service && s.replica === replica);
  return view !== undefined && view.hold.weight !== null;
}

const isOpen = (breaker: Breaker | undefined): breaker is Breaker =>
  breaker !== undefined && breaker.status !== 'closed';

/** As many of the suspects, the worst first, as the limits allow; and why not the others. */
function choose(
  context: PrepareContext,
  pool: Pool,
  found: readonly Suspect[],
  states: readonly BreakerView[],
): { readonly cuts: readonly Cut[]; readonly refused: string[]; readonly out: string[] } {
  const cuts: Cut[] = [];
  const refused: string[] = [];
  const out: string[] = [];
  const taken: string[] = [];
  const { service } = context;
  for (const suspect of found) {
    const { replica } = suspect;
    const name = serverNameOf(service, replica);
    const key = `${pool.backend}/${name}`;
    const server = pool.servers.find((s) => s.name === name);
    const now = breakerOf(states, service.name, replica);
    if (server === undefined) {
      refused.push(`backend "${pool.backend}" has no server "${name}"`);
    } else if (!isServing(pool, server)) {
      out.push(
        isOpen(now)
          ? `the breaker of ${replica} is ${now.status} already (${now.reason})`
          : `${key} gets no requests already`,
      );
    } else if (now?.status === 'isolated') {
      out.push(`the breaker of ${replica} is isolated by ${now.by}, and not in force`);
    } else if (now?.status === 'half-open' && isTried(states, service.name, replica)) {
      out.push(`the breaker of ${replica} is on trial: its share of requests decides`);
    } else {
      // Also where it is open in name: one that may not act by its own rules acts by this order.
      const why = refusal(context, pool, name, taken);
      if (why === undefined) {
        taken.push(name);
        const who = `${replica}${worseThanPeers(suspect)}`;
        const line = `open the breaker of ${who}: set server ${key} state drain`;
        cuts.push({
          replica,
          line,
          undoLine: `close the breaker of ${replica}: set server ${key} state ready`,
        });
      } else refused.push(`${replica}: ${why}`);
    }
  }
  return { cuts, refused, out };
}

async function open(context: ActContext, replica: string, reason: string): Promise<string> {
  const { service, world } = context;
  const now = breakerOf(await world.breakers.states(), service.name, replica);
  if (isOpen(now) && (now.by === BY || now.status === 'isolated')) {
    return `the breaker of ${replica} is ${now.status} already`;
  }
  await context.fence();
  const target = { service: service.name, replica };
  const said = await world.breakers.order(target, 'open', { kind: KIND, by: BY, reason });
  return `breaker of ${replica}: ${said}`;
}

async function close(context: ActContext, replica: string): Promise<string> {
  const { service, world } = context;
  const now = breakerOf(await world.breakers.states(), service.name, replica);
  if (!isOpen(now)) return `the breaker of ${replica} is closed`;
  if (now.by !== BY) {
    return `the breaker of ${replica} is ${now.status} by ${now.by} since: left alone`;
  }
  await context.fence();
  const target = { service: service.name, replica };
  const reason = 'the recovery that opened it gives it back';
  const said = await world.breakers.order(target, 'close', { kind: KIND, by: BY, reason });
  return `breaker of ${replica}: ${said}`;
}

/**
 * Opens the breakers of the replicas that fail: the violation's own, or for a service those that stand
 * out, the worst first, as far as the limits allow. From then on they are breakers like any other:
 * after their time they are tried, closed or opened again. The undo closes what is still open.
 */
export const circuitBreakerOpen = defineAction({
  name: 'circuit_breaker_open',
  state,
  settleMs: 2_000,
  timeoutMs: 20_000,
  async prepare(context) {
    const [found, pool, states] = await Promise.all([
      suspects(context),
      readPool(context),
      context.world.breakers.states(),
    ]);
    if (pool === undefined) {
      const { name } = context.service;
      return { kind: 'refuse', why: `service "${name}" has no load balancer configured` };
    }
    if (found.length === 0) return { kind: 'skip', why: nobodyStandsOut(context) };
    const { cuts, refused, out } = choose(context, pool, found, states);
    if (cuts.length === 0) {
      return refused.length === 0
        ? { kind: 'skip', why: out.join('; ') }
        : { kind: 'refuse', why: refused.join('; ') };
    }
    const left = refused.length === 0 ? '' : ` (left in service: ${refused.join('; ')})`;
    const replicas = cuts.map((c) => c.replica);
    const { metric, value } = context.violation;
    return {
      kind: 'ready',
      before: { closed: replicas },
      desired: { open: replicas, why: `${metric} is ${value.toPrecision(3)}` },
      line: cuts.map((c) => c.line).join('; ') + left,
      undoLine: cuts.map((c) => c.undoLine).join('; '),
    };
  },
  apply: (context, { desired }) =>
    forEach(context, desired.open, (replica) => open(context, replica, desired.why)),
  undo: (context, { before }) =>
    forEach(context, [...before.closed].reverse(), (replica) => close(context, replica)),
});

/** One after another; one that fails keeps none of the others from their turn, and is thrown then. */
async function forEach(
  { signal }: ActContext,
  replicas: readonly string[],
  act: (replica: string) => Promise<string>,
): Promise<string> {
  const done: string[] = [];
  const failed: unknown[] = [];
  for (const replica of replicas) {
    signal.throwIfAborted();
    try {
      done.push(await act(replica));
    } catch (error) {
      // Only a failure of this one's: an overtaken attempt must not go on.
      if (!(error instanceof AdapterError)) throw error;
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return done.join('; ');
}
