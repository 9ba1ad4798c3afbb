import { AdapterError, type LoadBalancer } from '../../domain/ports.js';

/** The balancer's map of circuits: `backend/server` → `open`, `half-open:<percent>`. */
export const CIRCUIT_MAP = 'circuit';
/** The value that keeps all requests away. */
export const OPEN = 'open';

/** Key of a server's circuit. */
export function circuitKey(backend: string, server: string): string {
  return `${backend}/${server}`;
}

/** What the map of circuits says; undefined where the balancer has none configured. */
export async function readCircuits(
  port: LoadBalancer,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return await port.mapEntries(CIRCUIT_MAP);
  } catch (error) {
    if (error instanceof AdapterError && error.reason === 'not-found') return undefined;
    throw error;
  }
}
