import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { Archive } from '../../src/domain/archive.js';
import { incidentDetailJson } from '../../src/server/incident-json.js';
import { createIncidents } from '../../src/server/incidents.js';
import type { IncidentView } from '../../src/workflows/messages.js';
import { archivedIncident, liveIncident } from '../commands/incident-samples.js';

describe('what an incident’s workflow says of it', () => {
  /** Incidents over a Temporal that has these runs of the one, the newest last. */
  const over = (...runs: readonly (readonly [runId: string, view: IncidentView])[]) => {
    const query = (runId?: string) => {
      const found = runId === undefined ? runs.at(-1) : runs.find(([id]) => id === runId);
      return found === undefined ? Promise.reject(new Error('gone')) : Promise.resolve(found[1]);
    };
    const client = {
      connection: { withDeadline: (_: number, call: () => unknown) => call() },
      workflow: { getHandle: (_: string, runId?: string) => ({ query: () => query(runId) }) },
    };
    return createIncidents({} as Archive, client as unknown as Client);
  };
  const { runId } = archivedIncident;
  const later: IncidentView = { ...liveIncident, runId: 'later' };

  it('is that of the run that goes on after a reset', async () => {
    const cutOff = { ...liveIncident, why: 'cut off' };
    const live = await over([runId, cutOff], ['reset', liveIncident]).live(archivedIncident);
    expect(live).toBe(liveIncident);
  });

  it('is its own, not that of a later incident of its name', async () => {
    const live = await over([runId, liveIncident], ['later', later]).live(archivedIncident);
    expect(live).toBe(liveIncident);
    expect(await over(['later', later]).live(archivedIncident)).toBeUndefined();
  });

  it('counts no more once it was closed, having been ended from outside', () => {
    const shown = (state: 'awaiting-approval' | 'resolved') =>
      incidentDetailJson({ ...archivedIncident, state }, liveIncident, [], '');
    expect(shown('awaiting-approval')).toMatchObject({ owed: [{}], waiting: { kind: 'step' } });
    expect(shown('resolved')).toMatchObject({ owed: [], waiting: null, steps: [{}] });
  });
});
