import type { Breakers, World, ServiceWorld } from '../activities/world.js';
import type { ActuatorPorts } from '../adapters/actuators/actuator.js';
import { proceduresInForce } from '../config/procedure-schema.js';
import type { Config, ServiceConfig } from '../config/schema.js';
import type { Archive } from '../domain/archive.js';
import type { MetricHistory } from '../domain/ports.js';
import { alertingOf } from './alerting.js';
import type { Coordination } from '../activities/world.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { recoveryPolicyOf, servicePoliciesOf } from './recovery-policy.js';
import { scaledAddress } from './scaled-address.js';

/** Makes the configured actuators, by name; those of engines find scaled replicas by the supervisors. */
export function createActuators(config: Config): ReadonlyMap<string, ActuatorPorts> {
  const made = new Map<string, ActuatorPorts>();
  for (const [name, { create }] of Object.entries(config.actuators)) {
    const resolveAddress = (replica: string) => scaledAddress(config, made, name, replica);
    made.set(name, create({ resolveAddress }));
  }
  return made;
}

function serviceWorld(
  service: ServiceConfig,
  made: ReadonlyMap<string, ActuatorPorts>,
): ServiceWorld {
  const of = (use: { actuator: string } | undefined) =>
    use === undefined ? undefined : made.get(use.actuator);
  const port = of(service.loadBalancer)?.loadBalancer;
  const supervisor = of(service.supervisor);
  return {
    name: service.name,
    replicas: service.replicas.map(({ name, server }) => ({ name, server: server ?? name })),
    loadBalancer:
      service.loadBalancer === undefined || port === undefined
        ? undefined
        : { port, backend: service.loadBalancer.backend },
    engine: of(service.engine)?.engine,
    control: supervisor?.replicas,
    deployment: supervisor?.deployment,
    dependsOn: service.dependsOn,
  };
}

/** Everything that activities reach, from the configuration. */
export function createWorld(
  config: Config,
  parts: {
    readonly actuators: ReadonlyMap<string, ActuatorPorts>;
    readonly history: MetricHistory;
    readonly archive: Archive;
    readonly coordination: Coordination;
    readonly breakers: Breakers;
    readonly thresholds: () => readonly Threshold[];
  },
): World {
  const { actuators: made, ...rest } = parts;
  return {
    ...rest,
    services: new Map(config.services.map((s) => [s.name, serviceWorld(s, made)])),
    procedures: proceduresInForce(config.recovery.procedures),
    policy: recoveryPolicyOf(config),
    servicePolicies: servicePoliciesOf(config),
    alerting: alertingOf(config),
  };
}
