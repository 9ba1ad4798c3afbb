import {
  AdapterError,
  type Deployment,
  type ReplicaControl,
  type ReplicaProcess,
} from '../../domain/ports.js';
import type { ActContext } from './action.js';

/** What starts, restarts and scales the service's replicas; a step was only planned because there was one. */
export function controlOf({ service }: ActContext): ReplicaControl {
  if (service.control !== undefined) return service.control;
  throw new AdapterError('rejected', `service "${service.name}" has no supervisor configured`);
}

/** The service's releases; a step was only planned because there were some. */
export function deploymentOf({ service }: ActContext): Deployment {
  if (service.deployment !== undefined) return service.deployment;
  throw new AdapterError('rejected', `service "${service.name}" has no deployment configured`);
}

/** That process as its supervisor knows it now; undefined when there is none of that name (any more). */
export async function currentProcess(
  context: ActContext,
  replica: string,
): Promise<ReplicaProcess | undefined> {
  const all = await controlOf(context).replicas(context.service.name);
  return all.find(({ name }) => name === replica);
}

/** The processes that are wanted: a stopped one was taken out on purpose. */
export function wanted(processes: readonly ReplicaProcess[]): readonly ReplicaProcess[] {
  return processes.filter(({ state }) => state !== 'stopped');
}
