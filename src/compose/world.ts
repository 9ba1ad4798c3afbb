import type { Breakers, World, ServiceWorld } from '../activities/world.js';
import type { ActuatorPorts } from '../adapters/actuators/actuator.js';
import type { Config, ServiceConfig } from '../config/schema.js';
import type { Archive } from '../domain/archive.js';
import type { MetricHistory } from '../domain/ports.js';
import { DEFAULT_PROCEDURES } from '../domain/recovery/procedure.js';
import type { RecoveryPolicy } from '../domain/recovery/policy.js';
import type { Coordination } from '../activities/world.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { scaledAddress } from './scaled-address.js';

/** What of the configuration decides how recoveries act. */
function recoveryPolicyOf(config: Config): RecoveryPolicy {
  const { approval, blastRadius, verification, ...recovery } = config.recovery;
  return {
    maxConcurrent: recovery.maxConcurrent,
    maxPerHour: recovery.maxPerHour,
    cooldownMs: recovery.cooldown,
    stormAbove: recovery.stormAbove,
    autonomy: recovery.autonomy,
    approvalTimeoutMs: approval.timeout,
    onApprovalTimeout: approval.onTimeout,
    asksBeforeRollback: recovery.rollback === 'approve',
    minHealthyReplicas: blastRadius.minHealthyReplicas,
    maxSharePercent: blastRadius.maxSharePercent,
    minSamples: verification.minSamples,
    compliantPercent: verification.compliantPercent,
    holdMs: verification.hold,
    verifyTimeoutMs: verification.timeout,
    worsePercent: verification.worsePercent,
    releaseAfterWindows: recovery.releaseAfterWindows,
    sliWindowMs: config.detector.sliWindow,
  };
}

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
    procedures: DEFAULT_PROCEDURES,
    policy: recoveryPolicyOf(config),
  };
}
