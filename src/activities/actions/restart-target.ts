import { refusalToRelieve } from '../../domain/recovery/weights.js';
import type { PrepareContext } from './action.js';
import {
  isServing,
  nobodyStandsOut,
  readPool,
  refusal,
  serverNameOf,
  suspects,
} from './server-target.js';
import { wanted } from './supervisor.js';

/**
 * The process to restart: the violation's replica, or for a whole service the worst that stands out;
 * or why there is none.
 */
export async function findProcess(context: PrepareContext) {
  const { service } = context;
  const [[worst], pool, all] = await Promise.all([
    suspects(context),
    readPool(context),
    service.control?.replicas(service.name),
  ]);
  if (all === undefined) {
    const why = `service "${service.name}" has no supervisor configured`;
    return { kind: 'refuse' as const, why };
  }
  if (worst === undefined) return { kind: 'skip' as const, why: nobodyStandsOut(context) };
  const found = all.find(({ name }) => name === worst.replica);
  if (found === undefined) {
    return { kind: 'refuse' as const, why: `the supervisor knows no replica "${worst.replica}"` };
  }
  if (found.state === 'stopped') {
    return { kind: 'refuse' as const, why: `${found.name} was stopped by hand: left alone` };
  }
  if (found.state === 'starting') {
    return { kind: 'skip' as const, why: `${found.name} is starting already` };
  }
  const name = serverNameOf(service, worst.replica);
  const server = pool?.servers.find((s) => s.name === name);
  return { kind: 'found' as const, suspect: worst, process: found, pool, server, all };
}

/** A process to restart, with its server at the load balancer where there is one. */
export type RestartTarget = Extract<Awaited<ReturnType<typeof findProcess>>, { kind: 'found' }>;

/** Why it must not be out of service for the restart, or undefined. One that is out already costs nothing. */
export function refusalToRestart(
  context: PrepareContext,
  found: RestartTarget,
): string | undefined {
  const { pool, server, process, all } = found;
  if (pool !== undefined && server !== undefined) {
    return isServing(pool, server) ? refusal(context, pool, server.name) : undefined;
  }
  if (process.state !== 'running') return undefined;
  const { minHealthyReplicas, maxSharePercent } = context.world.policy;
  const limits = { minHealthy: minHealthyReplicas, maxSharePercent };
  const whole = { weight: 1, initialWeight: 1 };
  const pooled = wanted(all).map((p) => ({ ...p, ...whole, isServing: p.state === 'running' }));
  return refusalToRelieve(pooled, process.name, limits);
}
