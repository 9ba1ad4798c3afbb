import type { ActuatorPorts } from '../adapters/actuators/actuator.js';
import type { Config } from '../config/schema.js';

/**
 * Address (`host:port`) of a replica that no configuration lists, since its service was scaled: as the
 * supervisor of a service whose engines that actuator administers knows it. Undefined when none does.
 */
export async function scaledAddress(
  config: Config,
  made: ReadonlyMap<string, ActuatorPorts>,
  engineActuator: string,
  replica: string,
): Promise<string | undefined> {
  for (const { name, engine, supervisor } of config.services) {
    if (engine?.actuator !== engineActuator || supervisor === undefined) continue;
    const processes = await made.get(supervisor.actuator)?.replicas?.replicas(name);
    const found = processes?.find((process) => process.name === replica);
    if (found !== undefined) return found.address;
  }
  return undefined;
}
