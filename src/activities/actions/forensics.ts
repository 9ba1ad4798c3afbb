import { AdapterError } from '../../domain/ports.js';
import type { ActContext } from './action.js';

/** Lines of an engine's log that are kept. */
const LOG_LINES = 500;

/** The incident that evidence is filed under. */
export interface EvidenceOwner {
  readonly incidentId: string;
  /** Tells a step's evidence from that of another restart in the same incident. */
  readonly name: string;
}

/**
 * Archives what a restart destroys: the engine's own state, and the end of its log. Says in words what
 * was kept. A part that can't be had is kept as the reason why; where nothing can be filed at all the
 * restart must not wait for it, and the answer says so.
 */
export async function keepForensics(
  context: ActContext,
  replica: string,
  { incidentId, name }: EvidenceOwner,
): Promise<string> {
  const { service, world } = context;
  const attempt = async (what: () => Promise<string>): Promise<string> => {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return `unavailable: ${error.message}`;
    }
  };
  const { engine, control } = service;
  const state = async () =>
    JSON.stringify((await engine?.forensics(replica)) ?? 'no engine administration configured');
  const logs = async () =>
    (await control?.logs(service.name, replica, LOG_LINES)) ?? 'no supervisor configured';
  const [stateText, logText] = await Promise.all([attempt(state), attempt(logs)]);
  try {
    // The newest run of an incident is the one that recovers: an older one has ended.
    const runId = (await world.archive.incident(incidentId))?.runId ?? context.operationId;
    await world.archive.putForensics(incidentId, runId, `${name}/state.json`, stateText);
    await world.archive.putForensics(incidentId, runId, `${name}/log.txt`, logText);
    return 'state and log archived';
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return `state and log could not be archived (${error.message})`;
  }
}
