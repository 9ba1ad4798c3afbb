import { INCIDENT_STATES, MAX_PAGE, type Archive } from '../domain/archive.js';
import type { Telemetry } from '../telemetry.js';

const OPEN_STATES = INCIDENT_STATES.filter((state) => state !== 'resolved');

/** Adds the open incidents by state to the server's metrics; call what it returns before they are read. */
export function mirrorOpenIncidents(
  archive: Pick<Archive, 'incidents'>,
  { registry }: Telemetry,
): () => Promise<void> {
  const gauge = registry.gauge('paramedic_incidents_open', 'Open incidents, by state.', {
    state: OPEN_STATES,
  });
  return async () => {
    const { items } = await archive.incidents({ states: OPEN_STATES, limit: MAX_PAGE });
    for (const state of OPEN_STATES) {
      gauge.set({ state }, items.filter((one) => one.state === state).length);
    }
  };
}
