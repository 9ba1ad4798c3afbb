import { standsOut } from '../../domain/recovery/outlier.js';
import type { LoadBalancerServer } from '../../domain/ports.js';
import { refusalToRelieve } from '../../domain/recovery/weights.js';
import { replicaLevels } from '../replica-levels.js';
import type { ServiceWorld } from '../world.js';
import type { PrepareContext } from './action.js';
import { circuitKey, OPEN, readCircuits } from './circuits.js';

/** A replica that an action is for, and how many times as bad as its peers it is (1: not known). */
export interface Suspect {
  readonly replica: string;
  readonly times: number;
}

/** A backend as it is now. */
export interface Pool {
  readonly backend: string;
  readonly servers: readonly LoadBalancerServer[];
  /** Circuits by `backend/server`; undefined where the balancer has no such map. */
  readonly circuits: ReadonlyMap<string, string> | undefined;
}

/** The server at the load balancer that an action is to relieve, with why it is that one. */
export type ServerTarget =
  | (Pool & Suspect & { readonly kind: 'found'; readonly server: LoadBalancerServer })
  | { readonly kind: 'skip' | 'refuse'; readonly why: string };

/**
 * The replicas that an action is for: the violation's own, or for a whole service each that stands
 * out, the worst first. Empty when all share the violation: acting on one would help nobody.
 */
export async function suspects(context: PrepareContext): Promise<readonly Suspect[]> {
  const { service, target, violation, world, nowMs } = context;
  const overMs = Math.max(2 * world.policy.sliWindowMs, violation.windowMs / 2);
  let levels = await replicaLevels(world, service, violation.metric, nowMs, overMs);
  const found: Suspect[] = [];
  for (;;) {
    const outlier = standsOut(levels, violation.direction);
    if (outlier === undefined) break;
    found.push(outlier);
    levels = levels.filter(({ replica }) => replica !== outlier.replica);
  }
  if (target.replica === undefined) return found;
  const own = found.find(({ replica }) => replica === target.replica);
  return [own ?? { replica: target.replica, times: 1 }];
}

/** Why no replica is acted on for that violation. */
export function nobodyStandsOut({ violation }: PrepareContext): string {
  return `no replica stands out in ${violation.metric}: all share the load`;
}

/** `, 3.1 × as bad as its peers`; empty where that is not known. */
export function worseThanPeers({ times }: Suspect): string {
  if (times <= 1) return '';
  // Peers without a single error make the ratio endless.
  return times > 1000 ? ', its peers being well' : `, ${times.toFixed(1)} × as bad as its peers`;
}

/** Name at the load balancer of a replica; its own where the configuration gives no other. */
export function serverNameOf(service: ServiceWorld, replica: string): string {
  return service.replicas.find((r) => r.name === replica)?.server ?? replica;
}

/** The service's backend; undefined when no load balancer is configured. */
export function readPool({ service }: PrepareContext): Promise<Pool | undefined> {
  return readPoolOf(service);
}

/** The same of a service by itself. */
export async function readPoolOf(service: ServiceWorld): Promise<Pool | undefined> {
  const balancer = service.loadBalancer;
  if (balancer === undefined) return undefined;
  const { port, backend } = balancer;
  const [servers, circuits] = await Promise.all([port.servers(backend), readCircuits(port)]);
  return { backend, servers, circuits };
}

/** Whether new requests come to that server. */
export function isServing({ backend, circuits }: Pool, server: LoadBalancerServer): boolean {
  const isOpen = circuits?.get(circuitKey(backend, server.name)) === OPEN;
  return server.isUp && server.admin === 'ready' && !isOpen;
}

/** Finds the server to take load off: that of the worst of the suspects. */
export async function findServer(context: PrepareContext): Promise<ServerTarget> {
  const { service } = context;
  if (service.loadBalancer === undefined) {
    return { kind: 'refuse', why: `service "${service.name}" has no load balancer configured` };
  }
  const [[worst], pool, breakers] = await Promise.all([
    suspects(context),
    readPool(context),
    context.world.breakers.states(),
  ]);
  if (worst === undefined || pool === undefined) {
    return { kind: 'skip', why: nobodyStandsOut(context) };
  }
  const name = serverNameOf(service, worst.replica);
  const server = pool.servers.find((s) => s.name === name);
  if (server === undefined) {
    return { kind: 'refuse', why: `backend "${pool.backend}" has no server "${name}"` };
  }
  const held = breakers.find(
    (b) => b.service === service.name && b.replica === worst.replica,
  )?.hold;
  if (held !== undefined && (held.isDrained || held.weight !== null)) {
    // Taken as the state before, its share would be restored long after the breaker has closed.
    const why = `a breaker holds ${worst.replica}: its weight and state are the breaker’s to set`;
    return { kind: 'skip', why };
  }
  return { kind: 'found', ...pool, ...worst, server };
}

/**
 * Why that server must not be relieved now, or undefined. `alsoOut` are servers that will be out of
 * service as well by then.
 */
export function refusal(
  context: PrepareContext,
  pool: Pool,
  server: string,
  alsoOut: readonly string[] = [],
): string | undefined {
  const { minHealthyReplicas, maxSharePercent } = context.world.policy;
  return refusalToRelieve(
    pool.servers.map((s) => ({
      ...s,
      isServing: isServing(pool, s) && !alsoOut.includes(s.name),
    })),
    server,
    { minHealthy: minHealthyReplicas, maxSharePercent },
  );
}
