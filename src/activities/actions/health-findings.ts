import type { EngineAdmin, EngineCapability, LoadBalancerServer } from '../../domain/ports.js';
import type { PrepareContext } from './action.js';
import { LOOK_WITHIN_MS, offeredWithin, probeEngine, type EngineProbe } from './engine-probe.js';
import { readPool, serverNameOf } from './server-target.js';

/** What was found about one replica. */
export interface HealthFinding {
  readonly replica: string;
  readonly probe: EngineProbe;
  /** Nothing where it does not answer: `probe` tells that. */
  readonly offered: ReadonlySet<EngineCapability>;
  readonly server: LoadBalancerServer | undefined;
}

/** Probes the violation's replica, or all of the service's, and reads what the balancer holds of them. */
export async function findHealth(
  context: PrepareContext,
  engine: EngineAdmin,
): Promise<{ backend: string; findings: readonly HealthFinding[] }> {
  const { service, target } = context;
  const names =
    target.replica === undefined ? service.replicas.map(({ name }) => name) : [target.replica];
  const pooling = readPool(context);
  const [pool, ...probes] = await Promise.all([
    pooling,
    ...names.map(async (replica) => {
      const [probe, offered] = await Promise.all([
        probeEngine(engine, replica, { withinMs: LOOK_WITHIN_MS }),
        offeredWithin(engine, replica, LOOK_WITHIN_MS),
      ]);
      return { replica, probe, offered: offered ?? new Set<EngineCapability>() };
    }),
  ]);
  const serverOf = (replica: string) =>
    pool?.servers.find(({ name }) => name === serverNameOf(service, replica));
  const findings = probes.map((one) => ({ ...one, server: serverOf(one.replica) }));
  return { backend: pool?.backend ?? '', findings };
}

/** Whether it offers to be woken or resumed. */
export const isAsked = ({ offered }: HealthFinding) => offered.has('pause') || offered.has('sleep');

/** In words, why there is nothing to reset at that replica. */
export function nothingAt({ replica, probe, server }: HealthFinding): string {
  if (probe.kind === 'unknown') return `${replica} can’t be probed: ${probe.why}`;
  if (probe.kind === 'ill') return `${replica} is not well (${probe.why}), which no reset mends`;
  if (server !== undefined && server.admin !== 'ready') {
    return `${replica} is well; it is in ${server.admin} by an order, not by its health checks: left alone`;
  }
  return `${replica} is well`;
}
