import { setTimeout as sleep } from 'node:timers/promises';
import {
  AdapterError,
  type EngineAdmin,
  type EngineCapability,
  type EngineHealth,
} from '../../domain/ports.js';

/** Bound on one look at an engine in a preparation, which has 5 s in all. */
export const LOOK_WITHIN_MS = 3_000;

/** What a bounded probe of an engine told. */
export type EngineProbe =
  | { readonly kind: 'well' }
  /** It does not serve, or does not complete, or not within the bound. */
  | { readonly kind: 'ill'; readonly why: string }
  /** The probe itself was refused, which says nothing of the engine. */
  | { readonly kind: 'unknown'; readonly why: string };

function judged({ isServing, completes, detail }: EngineHealth): EngineProbe {
  if (isServing && completes) return { kind: 'well' };
  const what = isServing ? 'it completes nothing' : 'it does not serve';
  return { kind: 'ill', why: detail === '' ? what : `${what}: ${detail}` };
}

/**
 * Probes `/health` and a completion of one token within `withinMs`. The adapter's own limits are
 * longer than the 5 s that a preparation may take: a hung core must not take them all.
 *
 * Rejects with the signal's reason when it aborts.
 */
export async function probeEngine(
  engine: EngineAdmin,
  replica: string,
  { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<EngineProbe> {
  const over = new AbortController();
  const ends = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const late = sleep(withinMs, undefined, { signal: ends }).then((): EngineProbe => {
    return { kind: 'ill', why: `it completed nothing within ${withinMs / 1000} s` };
  });
  const probed = engine.health(replica).then(judged, (error: unknown): EngineProbe => {
    if (!(error instanceof AdapterError)) throw error;
    const isSick = error.reason === 'timeout' || error.reason === 'unreachable';
    return { kind: isSick ? 'ill' : 'unknown', why: error.message };
  });
  try {
    return await Promise.race([probed, late]);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    // The one that lost the race is left to itself; what it says no longer matters to anybody.
    probed.catch(() => undefined);
    late.catch(() => undefined);
    over.abort();
  }
}

/**
 * What an engine offers now; undefined where it does not answer within the bound, which is not the same
 * as an engine that offers nothing: a probe tells why.
 */
export async function offeredWithin(
  engine: EngineAdmin,
  replica: string,
  withinMs: number,
): Promise<ReadonlySet<EngineCapability> | undefined> {
  const late = sleep(withinMs, undefined, { ref: false });
  try {
    return await Promise.race([engine.capabilities(replica), late]);
  } catch (error) {
    if (error instanceof AdapterError) return undefined;
    throw error;
  }
}
