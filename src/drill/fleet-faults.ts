import type { FleetCall } from '../commands/fleet-api.js';

/** One fault of the fleet's catalogue, as a drill needs it. */
export interface FleetFault {
  readonly name: string;
  readonly scope: 'replica' | 'replica-or-all' | 'fleet';
  readonly rightCauses: readonly string[];
}

/** The faults of the reference fleet, and what of them is active. */
export async function fleetFaults(
  fleet: FleetCall,
): Promise<{ catalogue: readonly FleetFault[]; active: readonly { fault: string }[] }> {
  return (await fleet('GET', '/v1/faults')) as {
    catalogue: FleetFault[];
    active: { fault: string }[];
  };
}

/** Names of the replicas that run. */
export async function fleetReplicas(fleet: FleetCall): Promise<readonly string[]> {
  const { replicas } = (await fleet('GET', '/v1/replicas')) as {
    replicas: { name: string; state: string }[];
  };
  return replicas.filter(({ state }) => state === 'running').map(({ name }) => name);
}

/** Begins a fault, which ends by itself after `forMs`, should nobody take it back. */
export async function beginFault(
  fleet: FleetCall,
  fault: string,
  replica: string | undefined,
  forMs: number,
): Promise<void> {
  await fleet('POST', '/v1/faults', { fault, replica, forMs });
}

/** Ends a fault where it is still active; one that an action cured is a success. */
export async function endFault(
  fleet: FleetCall,
  fault: string,
  replica: string | undefined,
): Promise<void> {
  const where = replica === undefined ? '' : `?replica=${encodeURIComponent(replica)}`;
  await fleet('DELETE', `/v1/faults/${encodeURIComponent(fault)}${where}`);
}

/** What the operations begin with that a person does by hand, and not paramedic. */
export const BY_HAND = 'by-hand:';

/** Restarts a replica, as a person does by hand. @throws Error where it is gone, or changed meanwhile. */
export async function restartByHand(fleet: FleetCall, replica: string): Promise<void> {
  const { replicas } = (await fleet('GET', '/v1/replicas')) as {
    replicas: { name: string; generation: number }[];
  };
  const ifGeneration = replicas.find(({ name }) => name === replica)?.generation;
  const operationId = `${BY_HAND}${replica}:${ifGeneration}`;
  const path = `/v1/replicas/${encodeURIComponent(replica)}/restart`;
  await fleet('POST', path, { operationId, ifGeneration });
}
