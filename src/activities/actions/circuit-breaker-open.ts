import { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import { defineAction, type ActContext, type PrepareContext } from './action.js';
import { balancerOf } from './balancer.js';
import { CIRCUIT_MAP, circuitKey, OPEN } from './circuits.js';
import { adminSetting, setAdmin } from './server-admin.js';
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

const circuit = z.object({
  by: z.literal('circuit'),
  backend: z.string(),
  server: z.string(),
  /** Null where the map has no entry: closed. */
  value: z.string().nullable(),
});
const setting = z.discriminatedUnion('by', [
  circuit,
  adminSetting.extend({ by: z.literal('admin') }),
]);
type Setting = z.output<typeof setting>;
const state = z.object({ before: z.array(setting), desired: z.array(setting) });

interface Cut {
  readonly before: Setting;
  readonly desired: Setting;
  readonly line: string;
  readonly undoLine: string;
}

/** How one server is taken out: by its circuit, where the balancer has that map, else by a drain. */
function cutOf({ backend, circuits, servers }: Pool, server: string, suspect: Suspect): Cut {
  const who = `${suspect.replica}${worseThanPeers(suspect)}`;
  const at = { backend, server };
  const key = circuitKey(backend, server);
  if (circuits !== undefined) {
    const value = circuits.get(key) ?? null;
    return {
      before: { by: 'circuit', ...at, value },
      desired: { by: 'circuit', ...at, value: OPEN },
      line: `open the circuit of ${who}: set map ${CIRCUIT_MAP} ${key} ${OPEN} (was ${value ?? 'closed'})`,
      undoLine:
        value === null ? `del map ${CIRCUIT_MAP} ${key}` : `set map ${CIRCUIT_MAP} ${key} ${value}`,
    };
  }
  const admin = servers.find(({ name }) => name === server)?.admin ?? 'ready';
  return {
    before: { by: 'admin', ...at, admin },
    desired: { by: 'admin', ...at, admin: 'drain' },
    line: `keep requests away from ${who}: set server ${key} state drain`,
    undoLine: `set server ${key} state ${admin}`,
  };
}

/** As many of the suspects, the worst first, as the limits allow; and why not the others. */
function choose(
  context: PrepareContext,
  pool: Pool,
  found: readonly Suspect[],
): { readonly cuts: readonly Cut[]; readonly refused: string[]; readonly out: string[] } {
  const cuts: Cut[] = [];
  const refused: string[] = [];
  const out: string[] = [];
  const taken: string[] = [];
  for (const suspect of found) {
    const name = serverNameOf(context.service, suspect.replica);
    const server = pool.servers.find((s) => s.name === name);
    if (server === undefined) {
      refused.push(`backend "${pool.backend}" has no server "${name}"`);
    } else if (!isServing(pool, server)) {
      out.push(`${pool.backend}/${name} gets no requests already`);
    } else {
      const why = refusal(context, pool, name, taken);
      if (why === undefined) {
        taken.push(name);
        cuts.push(cutOf(pool, name, suspect));
      } else refused.push(`${suspect.replica}: ${why}`);
    }
  }
  return { cuts, refused, out };
}

async function setCircuit(
  context: ActContext,
  wanted: z.output<typeof circuit>,
  expected: string | null,
): Promise<string> {
  const key = circuitKey(wanted.backend, wanted.server);
  const balancer = balancerOf(context);
  const now = (await balancer.mapEntries(CIRCUIT_MAP)).get(key) ?? null;
  const say = (value: string | null) => value ?? 'closed';
  if (now === wanted.value) return `circuit of ${key} is ${say(now)} already`;
  if (now !== expected) {
    return `circuit of ${key} is ${say(now)}, set by somebody else since: left alone`;
  }
  await context.fence();
  await balancer.setMapEntry(CIRCUIT_MAP, key, wanted.value ?? undefined);
  return `circuit of ${key} ${say(now)} → ${say(wanted.value)}`;
}

async function set(context: ActContext, wanted: Setting, expected: Setting): Promise<string> {
  if (wanted.by === 'circuit' && expected.by === 'circuit') {
    return setCircuit(context, wanted, expected.value);
  }
  if (wanted.by === 'admin' && expected.by === 'admin') {
    return setAdmin(context, wanted, expected.admin);
  }
  throw new AdapterError('rejected', 'before and desired state are of different kinds');
}

/** Sets each in turn; one that fails keeps none of the others from being set, and is thrown then. */
async function setAll(
  context: ActContext,
  pairs: readonly (readonly [wanted: Setting, expected: Setting])[],
): Promise<string> {
  const done: string[] = [];
  const failed: unknown[] = [];
  for (const [wanted, expected] of pairs) {
    context.signal.throwIfAborted();
    try {
      done.push(await set(context, wanted, expected));
    } catch (error) {
      // Only a failure of this one server's: an overtaken attempt must not go on.
      if (!(error instanceof AdapterError)) throw error;
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
  return done.join('; ');
}

/**
 * Keeps new requests away from the replicas that fail, as long as the circuit is open: the violation's
 * own, or for a service those that stand out, the worst first, as far as the limits allow.
 */
export const circuitBreakerOpen = defineAction({
  name: 'circuit_breaker_open',
  state,
  settleMs: 2_000,
  timeoutMs: 15_000,
  async prepare(context) {
    const [found, pool] = await Promise.all([suspects(context), readPool(context)]);
    if (pool === undefined) {
      const { name } = context.service;
      return { kind: 'refuse', why: `service "${name}" has no load balancer configured` };
    }
    if (found.length === 0) return { kind: 'skip', why: nobodyStandsOut(context) };
    const { cuts, refused, out } = choose(context, pool, found);
    if (cuts.length === 0) {
      return refused.length === 0
        ? { kind: 'skip', why: out.join('; ') }
        : { kind: 'refuse', why: refused.join('; ') };
    }
    const left = refused.length === 0 ? '' : ` (left in service: ${refused.join('; ')})`;
    return {
      kind: 'ready',
      before: cuts.map((c) => c.before),
      desired: cuts.map((c) => c.desired),
      line: cuts.map((c) => c.line).join('; ') + left,
      undoLine: cuts.map((c) => c.undoLine).join('; '),
    };
  },
  apply: (context, { before, desired }) => setAll(context, pairs(desired, before)),
  undo: (context, { before, desired }) => setAll(context, pairs(before, desired).reverse()),
});

/** Each wanted setting with the one of the same server that is expected now. */
function pairs(wanted: readonly Setting[], expected: readonly Setting[]) {
  return wanted.flatMap((one, i): (readonly [Setting, Setting])[] => {
    const other = expected[i];
    return other === undefined ? [] : [[one, other]];
  });
}
