import { z } from 'zod';
import { AdapterError, type EngineCapability } from '../../domain/ports.js';
import { median } from '../../domain/recovery/outlier.js';
import { replicaLevels } from '../replica-levels.js';
import { defineAction, type PrepareContext } from './action.js';
import { LOOK_WITHIN_MS, offeredWithin } from './engine-probe.js';

const state = z.object({
  before: z.object({ hitRates: z.record(z.string(), z.number()) }),
  desired: z.object({ replicas: z.array(z.string()) }),
});

/** The SLI that tells how useful a prefix cache is, in percent. */
const HIT_RATE = 'prefix_cache_hit_percent';
/** The SLI that tells how full a KV cache is, in percent. */
const KV_USAGE = 'kv_cache_usage_percent';
/** A cache that hits less than half as often as it did has lost its use. */
const COLLAPSED = 0.5;
/** Beyond it, blocks are short: freeing cached ones prevents preemption. */
const NEARLY_FULL_PERCENT = 95;
/** How far back the hit rate's own normal is looked for. */
const NORMAL_OVER_MS = 30 * 60_000;

const NEEDED: EngineCapability = 'reset-prefix-cache';

/** Why no cache can be emptied: an engine that does not answer may well offer it. */
function whyNone(offers: readonly { replica: string; isSilent: boolean }[]): string {
  const silent = offers.filter(({ isSilent }) => isSilent).map(({ replica }) => replica);
  const others = offers.filter(({ isSilent }) => !isSilent).map(({ replica }) => replica);
  const parts = [
    silent.length === 0
      ? []
      : [`${silent.join(', ')} did not answer within ${LOOK_WITHIN_MS / 1000} s`],
    others.length === 0
      ? []
      : [
          `${others.join(', ')} don’t offer /reset_prefix_cache; start them in development mode to allow it`,
        ],
  ];
  return parts.flat().join('; ');
}

/** The replicas whose cache the evidence speaks against, with it. */
async function suspects(context: PrepareContext): Promise<ReadonlyMap<string, string>> {
  const { world, service, target, nowMs, violation } = context;
  const overMs = Math.max(2 * world.policy.sliWindowMs, violation.windowMs / 2);
  const [hits, before, usage] = await Promise.all([
    replicaLevels(world, service, HIT_RATE, nowMs, overMs),
    replicaLevels(world, service, HIT_RATE, violation.startedAtMs, NORMAL_OVER_MS),
    replicaLevels(world, service, KV_USAGE, nowMs, overMs),
  ]);
  const found = new Map<string, string>();
  for (const { replica, value } of hits) {
    const own = before.find((l) => l.replica === replica)?.value;
    const peers = hits.filter((l) => l.replica !== replica).map((l) => l.value);
    const normal = own ?? median(peers);
    if (normal > 0 && value < normal * COLLAPSED) {
      found.set(replica, `hit rate ${value.toFixed(0)} %, normally ${normal.toFixed(0)} %`);
    }
  }
  for (const { replica, value } of usage) {
    if (value > NEARLY_FULL_PERCENT) found.set(replica, `KV cache ${value.toFixed(0)} % full`);
  }
  for (const replica of found.keys()) {
    if (target.replica !== undefined && target.replica !== replica) found.delete(replica);
  }
  return found;
}

/**
 * Empties the prefix cache of replicas whose cache is useless or in the way. On a warm, healthy cache
 * this does harm, so it is skipped unless evidence speaks for it.
 */
export const cacheInvalidation = defineAction({
  name: 'cache_invalidation',
  state,
  irreversible: 'a cache that was emptied fills again by itself; what was in it can’t be put back',
  settleMs: 5_000,
  timeoutMs: 15_000,
  async prepare(context) {
    const { service, target } = context;
    const { engine } = service;
    if (engine === undefined) {
      return {
        kind: 'refuse',
        why: `service "${service.name}" has no engine administration configured`,
      };
    }
    const found = await suspects(context);
    if (found.size === 0) {
      const whose = target.replica === undefined ? 'no cache' : `${target.replica}’s cache`;
      const why = `${whose} looks at fault: hit rate and KV use are as usual, and a warm cache is worth keeping`;
      return {
        kind: 'skip',
        why: target.replica === undefined ? why : why.replace('looks', 'does not look'),
      };
    }
    const offers = await Promise.all(
      [...found.keys()].map(async (replica) => {
        const offered = await offeredWithin(engine, replica, LOOK_WITHIN_MS);
        return { replica, isSilent: offered === undefined, isAble: offered?.has(NEEDED) === true };
      }),
    );
    const able = offers.filter(({ isAble }) => isAble).map(({ replica }) => replica);
    if (able.length === 0) return { kind: 'refuse', why: whyNone(offers) };
    const reasons = able.map((replica) => `${replica} (${found.get(replica) ?? ''})`).join(', ');
    return {
      kind: 'ready',
      before: { hitRates: {} },
      desired: { replicas: able },
      line: `empty the prefix cache of ${reasons}: POST /reset_prefix_cache`,
      undoLine: '',
    };
  },
  async apply(context, { desired }) {
    const { engine } = context.service;
    if (engine === undefined)
      throw new AdapterError('rejected', 'no engine administration configured');
    for (const replica of desired.replicas) {
      await context.fence();
      await engine.resetPrefixCache(replica);
    }
    return `asked ${desired.replicas.join(', ')} to empty the prefix cache; the samples tell whether it did`;
  },
  undo: () => Promise.resolve('nothing to undo: the cache fills again by itself'),
});
