import { afterEach, describe, expect, it, vi } from 'vitest';
import { listIncidents, showIncident } from '../../src/commands/incidents.js';
import { configFile, run, serve } from './command-run.js';
import { listedIncident, waitingIncident } from './incident-samples.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** An API that answers so, and the configuration that leads to it. */
async function apiAnswering(body: unknown, status = 200) {
  const { port, received } = await serve(() => ({ status, body }));
  return { config: configFile(`server: { port: ${port} }\n`), received };
}

describe('paramedic incidents', () => {
  it('asks with the filter, and shows a line each', async () => {
    const { config, received } = await apiAnswering({ incidents: [listedIncident] });
    const shown = await run(() => listIncidents(config, { state: 'open', limit: '5' }));
    expect(received).toEqual([
      { method: 'GET', url: '/v1/incidents?limit=5&state=open', body: undefined },
    ]);
    expect(shown).toEqual({
      code: 0,
      output:
        'OPENED (UTC)         STATE              OUTCOME  SEVERITY  ' +
        'ID                                          PROBABLE CAUSE\n' +
        '2026-11-24 03:04:05  awaiting-approval  -        critical  ' +
        'incident:chat:engine-2:request_latency_p95  -\n',
    });
  });

  it('gives scripts the promised keys, null for what is not known', async () => {
    const { config } = await apiAnswering({ incidents: [listedIncident] });
    const shown = await run(() => listIncidents(config, { limit: '20', json: true }));
    expect(JSON.parse(shown.output)).toEqual({
      incidents: [
        {
          id: 'incident:chat:engine-2:request_latency_p95',
          state: 'awaiting-approval',
          outcome: null,
          service: 'chat',
          replica: 'engine-2',
          threshold: 'request_latency_p95',
          severity: 'critical',
          openedAt: '2026-11-24T03:04:05.000Z',
          resolvedAt: null,
          procedure: 'latency_spike',
          probableCause: null,
        },
      ],
    });
  });

  it('says when there are none, and scripts get an empty list', async () => {
    const { config } = await apiAnswering({ incidents: [] });
    expect((await run(() => listIncidents(config, { limit: '20' }))).output).toBe(
      'No incidents.\n',
    );
    const json = await run(() => listIncidents(config, { limit: '20', json: true }));
    expect(JSON.parse(json.output)).toEqual({ incidents: [] });
  });

  it('says so when nobody answers', async () => {
    const config = configFile('server: { port: 1 }\n');
    await expect(run(() => listIncidents(config, { limit: '20' }))).rejects.toThrow(
      'http://127.0.0.1:1 does not answer: is paramedic running? (npm start)',
    );
  });

  it('asks PARAMEDIC_URL where that is set, and reads no configuration', async () => {
    const { port } = await serve(() => ({ body: { incidents: [] } }));
    vi.stubEnv('PARAMEDIC_URL', `http://127.0.0.1:${port}`);
    const shown = await run(() => listIncidents('/does/not/exist.yaml', { limit: '20' }));
    expect(shown.code).toBe(0);
  });
});

describe('paramedic incident', () => {
  it('shows state, what it waits for, steps, owed undos and timeline', async () => {
    const { config, received } = await apiAnswering(waitingIncident);
    const { code, output } = await run(() => showIncident(config, 'chat:x', {}));
    expect(code).toBe(0);
    expect(received[0]?.url).toBe('/v1/incidents/chat%3Ax');
    for (const line of [
      '  state      awaiting-approval',
      '  violated   request_latency_p95: 913.3 ms, limit 250.0 (critical)',
      'Waits for you until 2026-11-24T03:05:05.000Z: set server engines/engine-2 weight 10',
      '  bin/paramedic approve incident:chat:engine-2:request_latency_p95   or   bin/paramedic deny',
      'load_balancer_adjust  engine-2  awaiting-approval  set server engines/engine-2 weight 10',
      'Owed undos (newest last):\n  set server engines/engine-2 weight 100',
      '  03:04:05  violation    p95 of engine-2 is 913.3 ms',
    ]) {
      expect(output).toContain(line);
    }
  });

  it('gives scripts all of it', async () => {
    const { config } = await apiAnswering(waitingIncident);
    const { output } = await run(() => showIncident(config, 'x', { json: true }));
    expect(JSON.parse(output)).toEqual(JSON.parse(JSON.stringify(waitingIncident)));
  });

  it('repeats why there is none', async () => {
    const { config } = await apiAnswering({ detail: 'no incident is named "x"' }, 404);
    await expect(run(() => showIncident(config, 'x', {}))).rejects.toThrow(
      'no incident is named "x"',
    );
  });
});
