import { AdapterError, type LoadBalancer } from '../domain/ports.js';
import { BY_RULE, worstStatus, type BreakerStatus } from '../domain/recovery/breaker.js';
import {
  NO_HOLD,
  planEnforcement,
  type BreakerEffect,
  type BreakerHold,
} from '../domain/recovery/breaker-enforcement.js';
import { BREAKER_KINDS } from '../domain/recovery/breaker-kinds.js';
import { refusalToRelieve, tooFewWithout } from '../domain/recovery/weights.js';
import type { BreakerView } from '../workflows/breaker-messages.js';
import { isServing, readPoolOf, serverNameOf } from './actions/server-target.js';
import type { BreakerActivities, BreakerPreparation } from './breaker-contract.js';
import { asFailure } from './failure.js';
import { alive, fence } from './fence.js';
import { planCircuit, setCircuit } from './service-circuit.js';
import type { ServiceWorld, World } from './world.js';

/** What the recovery queue's workers do for breakers: the drain, the share, and the way back. */
export function createBreakerActivities(world: World): BreakerActivities {
  return {
    prepareBreaker: ({ target, breakers, hold }) =>
      asFailure(async () => {
        const service = world.services.get(target.service);
        if (service === undefined) return idle(`service "${target.service}" is not configured`);
        if (service.loadBalancer === undefined) {
          return idle(`service "${service.name}" has no load balancer configured`);
        }
        const { status, unforced } = forcedStatus(world, breakers);
        const prepared =
          target.replica === undefined
            ? await planCircuit(world, service, { status, breakers, hold })
            : await planServer(world, service, target.replica, { status, hold });
        const { plan } = prepared;
        const note = [plan.note, ...unforced].filter((part) => part !== undefined).join('; ');
        return { ...prepared, plan: { ...plan, note: note === '' ? undefined : note } };
      }),

    applyBreaker: ({ target, effects }) =>
      alive(async () => {
        const service = world.services.get(target.service);
        const balancer = service?.loadBalancer;
        if (service === undefined || balancer === undefined) {
          throw new AdapterError('rejected', `"${target.service}" has no load balancer configured`);
        }
        for (const effect of effects) {
          await fence(world);
          if (target.replica === undefined) {
            await setCircuit(balancer, effect);
          } else {
            const server = serverNameOf(service, target.replica);
            await set(balancer.port, balancer.backend, server, effect);
          }
        }
      }),
  };
}

function idle(note: string): BreakerPreparation {
  return { plan: { effects: [], hold: NO_HOLD, note }, lines: [] };
}

/**
 * The worst state among those to be put in force. What opened by its own rules acts unasked only where
 * the configuration lets it; an order of an operator or a procedure has been decided already.
 */
function forcedStatus(
  world: World,
  breakers: BreakerView['breakers'],
): { readonly status: BreakerStatus; readonly unforced: readonly string[] } {
  const forced: BreakerStatus[] = [];
  const unforced: string[] = [];
  for (const kind of BREAKER_KINDS) {
    const { status, by } = breakers[kind];
    const { enforce } = world.breakers.settings[kind];
    const autonomy = world.policy.autonomy.circuit_breaker_open;
    if (by !== BY_RULE || status === 'closed' || (enforce && autonomy === 'auto')) {
      forced.push(status);
    } else if (!enforce) {
      unforced.push(`${kind} is told, not enforced (breakers.${kind}.enforce)`);
    } else {
      unforced.push(`${kind} is not enforced: autonomy of circuit_breaker_open is ${autonomy}`);
    }
  }
  return { status: worstStatus(forced), unforced };
}

async function planServer(
  world: World,
  service: ServiceWorld,
  replica: string,
  { status, hold }: { readonly status: BreakerStatus; readonly hold: BreakerHold },
): Promise<BreakerPreparation> {
  const [pool, stopped] = await Promise.all([readPoolOf(service), world.coordination.restraint()]);
  const name = serverNameOf(service, replica);
  const server = pool?.servers.find((s) => s.name === name);
  if (pool === undefined || server === undefined) {
    return idle(`backend "${pool?.backend ?? ''}" has no server "${name}"`);
  }
  const { minHealthyReplicas, maxSharePercent } = world.policy;
  const servers = pool.servers.map((s) => ({ ...s, isServing: isServing(pool, s) }));
  const limits = { minHealthy: minHealthyReplicas, maxSharePercent };
  const plan = planEnforcement({
    ...{ status, server, hold },
    halfOpenPercent: Math.min(
      ...BREAKER_KINDS.map((kind) => world.breakers.settings[kind].halfOpenPercent),
    ),
    refusal: stopped === undefined ? refusalToRelieve(servers, name, limits) : stopped.why,
    mustReturn: tooFewWithout(servers, name, minHealthyReplicas),
  });
  const lines = plan.effects.map((effect) =>
    effect.type === 'admin'
      ? `${replica}: set server ${pool.backend}/${name} state ${effect.admin} (was ${server.admin})`
      : `${replica}: set server ${pool.backend}/${name} weight ${effect.weight} (was ${server.weight})`,
  );
  return { plan, lines };
}

/** Sets one thing at a replica's server. */
async function set(
  port: LoadBalancer,
  backend: string,
  server: string,
  effect: BreakerEffect,
): Promise<void> {
  if (effect.type === 'admin') await port.setAdmin(backend, server, effect.admin);
  else await port.setWeight(backend, server, effect.weight);
}
