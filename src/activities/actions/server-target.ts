import { standsOut } from '../../domain/recovery/outlier.js';
import type { LoadBalancerServer } from '../../domain/ports.js';
import { refusalToRelieve } from '../../domain/recovery/weights.js';
import { replicaLevels } from '../replica-levels.js';
import type { PrepareContext } from './action.js';

/** The server at the load balancer that an action is to relieve, with why it is that one. */
export type ServerTarget =
  | {
      readonly kind: 'found';
      readonly backend: string;
      readonly server: LoadBalancerServer;
      readonly servers: readonly LoadBalancerServer[];
      readonly replica: string;
      /** How many times as bad as its peers it is. */
      readonly times: number;
    }
  | { readonly kind: 'skip' | 'refuse'; readonly why: string };

/**
 * Finds the server to take load off: the violation's replica, or for a whole service the replica that
 * stands out. Without one, moving load about would help nobody.
 */
export async function findServer(context: PrepareContext): Promise<ServerTarget> {
  const { service, target, violation, world, nowMs } = context;
  const balancer = service.loadBalancer;
  if (balancer === undefined) {
    return { kind: 'refuse', why: `service "${service.name}" has no load balancer configured` };
  }
  const overMs = Math.max(2 * world.policy.sliWindowMs, violation.windowMs / 2);
  const levels = await replicaLevels(world, service, violation.metric, nowMs, overMs);
  const outlier = standsOut(levels, violation.direction);
  const replica = target.replica ?? outlier?.replica;
  if (replica === undefined) {
    return {
      kind: 'skip',
      why: `no replica stands out in ${violation.metric}: all share the load`,
    };
  }
  const name = service.replicas.find((r) => r.name === replica)?.server ?? replica;
  const servers = await balancer.port.servers(balancer.backend);
  const server = servers.find((s) => s.name === name);
  if (server === undefined) {
    return { kind: 'refuse', why: `backend "${balancer.backend}" has no server "${name}"` };
  }
  const times = outlier?.replica === replica ? outlier.times : 1;
  return { kind: 'found', backend: balancer.backend, server, servers, replica, times };
}

/** Why that server must not be relieved now, or undefined. */
export function refusal(
  context: PrepareContext,
  found: Extract<ServerTarget, { kind: 'found' }>,
): string | undefined {
  const { minHealthyReplicas, maxSharePercent } = context.world.policy;
  return refusalToRelieve(
    found.servers.map((s) => ({ ...s, isServing: s.isUp && s.admin === 'ready' })),
    found.server.name,
    { minHealthy: minHealthyReplicas, maxSharePercent },
  );
}
