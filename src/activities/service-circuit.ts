import { BY_RULE, type BreakerStatus } from '../domain/recovery/breaker.js';
import {
  NO_HOLD,
  type BreakerEffect,
  type BreakerHold,
} from '../domain/recovery/breaker-enforcement.js';
import type { BreakerView } from '../workflows/breaker-messages.js';
import { CIRCUIT_MAP, OPEN, readCircuits } from './actions/circuits.js';
import { isServing, readPoolOf } from './actions/server-target.js';
import type { BreakerPreparation } from './breaker-contract.js';
import type { ServiceWorld, World } from './world.js';

/**
 * The circuit of a whole service is an entry of the balancer's map, which refuses requests at once
 * with 503 and Retry-After. By its own rules it is only opened when no replica serves anyway: then
 * nothing is lost, and callers need not wait for a queue's timeout. By order it is opened always.
 *
 * In its plan `admin: drain` stands for an open circuit, `ready` for none, and a weight for the
 * percent that are let in on trial.
 */
export async function planCircuit(
  world: World,
  service: ServiceWorld,
  ask: {
    readonly status: BreakerStatus;
    readonly breakers: BreakerView['breakers'];
    readonly hold: BreakerHold;
  },
): Promise<BreakerPreparation> {
  const { status, breakers, hold } = ask;
  const pool = await readPoolOf(service);
  const circuits = service.loadBalancer && (await readCircuits(service.loadBalancer.port));
  const none = (note: string | undefined): BreakerPreparation => ({
    plan: { effects: [], hold: NO_HOLD, note },
    lines: [],
  });
  if (pool === undefined || circuits === undefined) {
    return none(status === 'closed' ? undefined : `the load balancer has no map "${CIRCUIT_MAP}"`);
  }
  const now = circuits.get(pool.backend);
  const isOrdered = Object.values(breakers).some((b) => b.status !== 'closed' && b.by !== BY_RULE);
  const serving = pool.servers.filter((server) => isServing(pool, server)).length;
  const mayOpen = isOrdered || serving === 0;
  const percent = world.breakers.settings.aphrodite_engine.halfOpenPercent;
  const wanted =
    status === 'closed' || !mayOpen
      ? undefined
      : status === 'half-open'
        ? `half-open:${percent}`
        : OPEN;
  const note =
    mayOpen || status === 'closed'
      ? undefined
      : `${serving} replicas still serve: the service is not closed to its callers`;
  // An entry that is not ours is somebody else's to take back.
  if (wanted === now || (wanted === undefined && !hold.isDrained)) {
    return { plan: { effects: [], hold: wanted === undefined ? NO_HOLD : hold, note }, lines: [] };
  }
  const effect: BreakerEffect =
    wanted === undefined
      ? { type: 'admin', admin: 'ready' }
      : wanted === OPEN
        ? { type: 'admin', admin: 'drain' }
        : { type: 'weight', weight: percent };
  const command =
    wanted === undefined
      ? `del map ${CIRCUIT_MAP} ${pool.backend}`
      : `set map ${CIRCUIT_MAP} ${pool.backend} ${wanted}`;
  return {
    plan: { effects: [effect], hold: { isDrained: wanted !== undefined, weight: null }, note },
    lines: [`${service.name}: ${command} (was ${now ?? 'closed'})`],
  };
}

/** Sets the circuit of a service as planned. */
export async function setCircuit(
  { port, backend }: NonNullable<ServiceWorld['loadBalancer']>,
  effect: BreakerEffect,
): Promise<void> {
  const value =
    effect.type === 'weight'
      ? `half-open:${effect.weight}`
      : effect.admin === 'drain'
        ? OPEN
        : undefined;
  await port.setMapEntry(CIRCUIT_MAP, backend, value);
}
