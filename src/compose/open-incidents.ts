import { MAX_PAGE, UNRESOLVED_STATES, type Archive } from '../domain/archive.js';
import type { Telemetry } from '../telemetry.js';

/** Scrapers may be many and fast: however often they ask, the archive is read no more often. */
const READ_EVERY_MS = 10_000;

/**
 * Adds the open incidents by state to the server's metrics; call what it returns before they are read.
 * What it shows may be 10 s old.
 */
export function mirrorOpenIncidents(
  archive: Pick<Archive, 'incidents'>,
  { registry }: Pick<Telemetry, 'registry'>,
  nowMs: () => number = Date.now,
): () => Promise<void> {
  const gauge = registry.gauge('paramedic_incidents_open', 'Open incidents, by state.', {
    state: UNRESOLVED_STATES,
  });
  let readAtMs = -Infinity;
  let reading: Promise<void> | undefined;
  const read = async () => {
    const { items } = await archive.incidents({ states: UNRESOLVED_STATES, limit: MAX_PAGE });
    for (const state of UNRESOLVED_STATES) {
      gauge.set({ state }, items.filter((one) => one.state === state).length);
    }
    readAtMs = nowMs();
  };
  return async () => {
    if (nowMs() - readAtMs < READ_EVERY_MS) return;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  };
}
