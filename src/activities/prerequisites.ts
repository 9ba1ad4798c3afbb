import { ACTION_NEEDS, REACHES, type Reach } from '../domain/recovery/action.js';
import type { Procedure } from '../domain/recovery/procedure.js';
import { unmetPrerequisites } from '../domain/recovery/prerequisites.js';
import type { Target } from '../workflows/messages.js';
import { circuitKey, OPEN, readCircuits } from './actions/circuits.js';
import { samplesOf } from './conditions.js';
import type { ServiceWorld, World } from './world.js';

/** By which ways a service can be reached. */
export function reachesOf(service: ServiceWorld): readonly Reach[] {
  const has: Readonly<Record<Reach, boolean>> = {
    loadBalancer: service.loadBalancer !== undefined,
    engine: service.engine !== undefined,
    supervisor: service.control !== undefined || service.deployment !== undefined,
  };
  return REACHES.filter((reach) => has[reach]);
}

/** Why none of a procedure's steps can be carried out on that service, or undefined when some can. */
export function uncarried(procedure: Procedure, service: ServiceWorld): string | undefined {
  const reaches = reachesOf(service);
  const can = procedure.steps.some(({ action }) =>
    ACTION_NEEDS[action].some((need) => reaches.includes(need)),
  );
  if (can) return undefined;
  const needs = [...new Set(procedure.steps.flatMap(({ action }) => ACTION_NEEDS[action]))];
  return `an actuator for the service’s ${needs.join(' or ')}: none of its actions can be carried out`;
}

/** What a procedure needs and the service has not got now, in words; empty when it may be tried. */
export async function unmetNeeds(
  world: World,
  procedure: Procedure,
  service: ServiceWorld,
  target: Target,
  nowMs: number,
): Promise<readonly string[]> {
  const lacking = uncarried(procedure, service);
  if (lacking !== undefined) return [lacking];
  const { prerequisites } = procedure;
  const { healthyReplicas, notInModes, conditions } = prerequisites;
  const [healthy, mode, samples] = await Promise.all([
    healthyReplicas > 0 ? countHealthy(service) : undefined,
    notInModes.length > 0 ? world.coordination.mode?.() : undefined,
    Promise.all(conditions.map((condition) => samplesOf(world, condition, target, nowMs))),
  ]);
  const facts = { healthyReplicas: healthy, mode, actuators: reachesOf(service), samples };
  return unmetPrerequisites(prerequisites, facts);
}

/** Replicas in full service, by who knows best: the load balancer, the supervisor, the engines. */
async function countHealthy(service: ServiceWorld): Promise<number | undefined> {
  const { loadBalancer, control, engine } = service;
  if (loadBalancer !== undefined) {
    const { port, backend } = loadBalancer;
    const [servers, circuits] = await Promise.all([port.servers(backend), readCircuits(port)]);
    return servers.filter(
      ({ name, isUp, admin }) =>
        isUp && admin === 'ready' && circuits?.get(circuitKey(backend, name)) !== OPEN,
    ).length;
  }
  if (control !== undefined) {
    const all = await control.replicas(service.name);
    return all.filter(({ state }) => state === 'running').length;
  }
  if (engine === undefined) return undefined;
  const looks = await Promise.allSettled(service.replicas.map(({ name }) => engine.health(name)));
  return looks.filter((look) => look.status === 'fulfilled' && look.value.isServing).length;
}
