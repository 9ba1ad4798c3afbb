import { expect, it } from 'vitest';
import { INCIDENT_STATES } from '../../src/domain/archive.js';
import { createApp } from '../../src/server/app.js';
import { incidentRecord } from '../adapters/archive/records.js';
import { serverParts } from './server-parts.js';

it('lists the incidents in one state, or all that are not over', async () => {
  const parts = await serverParts();
  for (const state of INCIDENT_STATES) {
    await parts.archive.putIncident(
      incidentRecord({ id: `incident:${state}`, runId: state, state }),
    );
  }
  const app = createApp(parts);
  const listed = async (query: string) => {
    const reply = await app.request(`/v1/incidents${query}`);
    const { incidents } = (await reply.json()) as { incidents: { state: string }[] };
    return incidents.map(({ state }) => state).sort();
  };
  const all = [...INCIDENT_STATES].sort();
  expect(await listed('')).toEqual(all);
  expect(await listed('?state=open')).toEqual(['open']);
  expect(await listed('?state=unresolved')).toEqual(all.filter((state) => state !== 'resolved'));
  expect((await app.request('/v1/incidents?state=over')).status).toBe(400);
});
