import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { apiOf } from '../../src/commands/api.js';
import { runDrills, type DrillOptions } from '../../src/commands/drill.js';
import { fleetOf } from '../../src/commands/fleet-api.js';
import { runDrill, type DrillSettings } from '../../src/drill/run.js';
import { configFile, run, serve, type Received } from '../commands/command-run.js';
import { waitingIncident } from '../commands/incident-samples.js';

const FAULT = {
  name: 'slow-replica',
  scope: 'replica',
  rightCauses: ['infrastructure'],
} as const;

/** A runtime socket that takes every command; its port. */
async function runtimeSocket(take: (command: string) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('data', (text) => {
      take(String(text));
      socket.end('\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

/**
 * A fleet and an API over one made-up world: the fault opens an incident, which waits for an approval,
 * and then is over when the fault is.
 */
async function world(over: { isDeaf?: boolean; isRestless?: boolean; isLasting?: boolean } = {}) {
  let active = false;
  let restarts = 0;
  let openedAt: string | undefined;
  let isApproved = false;
  const fleet = await serve(({ method, url, body }) => {
    if (url.endsWith('/restart')) {
      restarts += 1;
      return { body: {} };
    }
    if (method === 'POST') {
      active = true;
      openedAt = new Date().toISOString();
      return { body: { injected: [body] } };
    }
    if (method === 'DELETE') active = false;
    if (url === '/v1/replicas')
      return { body: { replicas: [{ name: 'engine-2', state: 'running', generation: 4 }] } };
    return { body: { catalogue: [FAULT], active: active ? [{ fault: FAULT.name }] : [] } };
  });
  const incident = () => {
    const ended = over.isLasting === true && restarts === 0 ? 'escalated' : 'resolved';
    const state = !active ? ended : isApproved ? 'mitigated' : 'awaiting-approval';
    const waiting = state === 'awaiting-approval' ? waitingIncident.waiting : null;
    const probableCause = isApproved ? 'engine-2: …' : null;
    return { ...waitingIncident, openedAt: openedAt ?? '', state, waiting, probableCause };
  };
  const api = await serve(({ method, url }: Received) => {
    if (method === 'POST' && url === '/v1/drills') return { status: 201, body: {} };
    if (method === 'POST') {
      isApproved = true;
      weights['engine-2'] = 10;
    }
    if (url.startsWith('/v1/status')) {
      const health = { active_violations: over.isRestless === true ? 1 : 0, problems: [] };
      return { body: { health } };
    }
    if (url.endsWith('/report')) {
      const probableCause = { kind: 'infrastructure', replica: 'engine-2', probability: 0.92 };
      return { body: { probableCause, undetermined: 0.05, isConfident: true } };
    }
    const hasOne = openedAt !== undefined && over.isDeaf !== true;
    if (url.startsWith('/v1/incidents?'))
      return { body: { incidents: hasOne ? [incident()] : [] } };
    return { body: incident() };
  });
  const weights = { 'engine-1': 100, 'engine-2': 100 };
  const gateway = await serve(() => ({
    body: {
      servers: Object.entries(weights).map(([name, weight]) => ({ name, weight, admin: 'ready' })),
      maps: { routing: [], circuit: [] },
    },
  }));
  const runtime = await runtimeSocket((command) => {
    const [, name, weight] = /engines\/(\S+) weight (\d+)/.exec(command) ?? [];
    Object.assign(weights, { [name ?? '']: Number(weight) });
  });
  const config = configFile(
    `server: { port: ${api.port} }\nfleet: { supervisorPort: ${fleet.port}, gatewayPort: ${gateway.port}, runtimePort: ${runtime} }\n`,
  );
  const settings: DrillSettings = {
    api: apiOf(config),
    fleet: fleetOf(config),
    gateway: { http: gateway.port, runtime },
    withinMs: 20_000,
    calmMs: 0,
    quietWithinMs: 20_000,
    approves: true,
    lookEveryMs: 5,
    lingerMs: 0,
    mendAfterMs: 0,
    signal: new AbortController().signal,
    say: () => undefined,
  };
  return { config, settings, fleet, api, weights, isActive: () => active };
}

describe('a drill', () => {
  it('injects, approves, waits for the report, takes the fault back, and scores', async () => {
    const { settings, fleet, api } = await world();
    const result = await runDrill(FAULT, 'engine-2', settings);
    expect(result).toMatchObject({ isRight: true, named: { cause: 'infrastructure' } });
    const changes = fleet.received.filter(({ method }) => method !== 'GET');
    expect(changes).toMatchObject([
      { method: 'POST', body: { fault: 'slow-replica', replica: 'engine-2', forMs: 80_000 } },
      { method: 'DELETE', url: '/v1/faults/slow-replica?replica=engine-2' },
    ]);
    expect(api.received.at(-1)).toMatchObject({
      url: '/v1/drills',
      body: {
        fault: 'slow-replica',
        isRight: true,
        result: { named: { cause: 'infrastructure' } },
      },
    });
    expect(api.received.find(({ method }) => method === 'POST')).toMatchObject({
      url: `/v1/incidents/${encodeURIComponent(waitingIncident.id)}/approve`,
      body: { by: 'paramedic drill' },
    });
  });

  it('takes back what paramedic kept, so that the next drill starts from the same', async () => {
    const { settings, weights } = await world();
    await runDrill(FAULT, 'engine-2', settings);
    expect(weights).toEqual({ 'engine-1': 100, 'engine-2': 100 });
  });

  it('restarts the replica, as a person would, where what it left behind was escalated', async () => {
    const { settings, fleet } = await world({ isLasting: true });
    await runDrill(FAULT, 'engine-2', settings);
    const restarts = fleet.received.filter(({ url }) => url.endsWith('/restart'));
    expect(restarts).toMatchObject([
      { url: '/v1/replicas/engine-2/restart', body: { ifGeneration: 4 } },
    ]);
  });

  it('takes the fault back when nobody notices, and calls it missed', async () => {
    const { settings, isActive } = await world({ isDeaf: true });
    const result = await runDrill(FAULT, 'engine-2', { ...settings, withinMs: 50 });
    expect(result).toMatchObject({ isRight: false, named: { cause: 'none' } });
    expect(isActive()).toBe(false);
  });

  it('takes the fault back when it is stopped', async () => {
    const { settings, isActive, fleet } = await world();
    const stop = new AbortController();
    const drill = runDrill(FAULT, 'engine-2', {
      ...settings,
      approves: false,
      signal: stop.signal,
    });
    const ended = expect(drill).rejects.toThrow();
    await expect.poll(() => isActive()).toBe(true);
    stop.abort();
    await ended;
    expect(isActive()).toBe(false);
    expect(fleet.received.some(({ method }) => method === 'DELETE')).toBe(true);
  });

  it('breaks nothing while the fleet is not calm, and says why', async () => {
    const { settings, fleet } = await world({ isRestless: true });
    const drill = runDrill(FAULT, 'engine-2', { ...settings, quietWithinMs: 30 });
    await expect(drill).rejects.toThrow('not calm within 0.03 s: 1 violation(s) are active');
    expect(fleet.received.some(({ method }) => method === 'POST')).toBe(false);
  });
});

describe('paramedic drill', () => {
  const options: DrillOptions = {
    ...{ times: '1', within: '3m', calm: '1ms', quietWithin: '20ms' },
  };

  it('tells in JSON what was measured, and why it did not finish', async () => {
    const { config } = await world({ isRestless: true });
    const { code, output } = await run(() =>
      runDrills(config, ['slow-replica'], { ...options, json: true }),
    );
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      drills: [],
      confusion: { right: 0, total: 0 },
      failure: expect.stringContaining('not calm within') as unknown,
    });
  });

  it('refuses a fault that there is not, and no fault at all', async () => {
    const { config } = await world();
    await expect(runDrills(config, ['flood'], options)).rejects.toThrow(
      '"flood" is none of slow-replica',
    );
    await expect(runDrills(config, [], options)).rejects.toThrow('expected --all, or some of');
    await expect(runDrills(config, ['slow-replica'], { ...options, times: '0' })).rejects.toThrow(
      '--times: expected a number from 1, got 0',
    );
    await expect(runDrills(config, ['slow-replica'], { ...options, calm: '5' })).rejects.toThrow(
      '--calm: expected a duration like "2m", got "5"',
    );
  });
});
