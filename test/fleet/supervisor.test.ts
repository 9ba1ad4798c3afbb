import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplicaView } from '../../fleet/supervisor/replica.js';
import {
  admin,
  buildFleet,
  eventually,
  isAlive,
  removeFolder,
  runFleet,
  runtime,
  startTestFleet,
  type TestFleet,
} from './start-fleet.js';

let folder = '';
let fleet: TestFleet;

const options = ['--no-load', '--load-ms', '0'];

async function replica(name: string): Promise<ReplicaView> {
  const { body } = await admin(fleet, 'GET', '/v1/replicas');
  const found = (body['replicas'] as ReplicaView[]).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
}

async function gatewayState(): Promise<string> {
  return (await fetch(`${fleet.ready.gateway.url}/-/state`)).text();
}

async function complete(maxTokens: number): Promise<number> {
  const response = await fetch(`${fleet.ready.gateway.url}/v1/completions`, {
    method: 'POST',
    headers: { 'x-tenant': 'probe' },
    body: JSON.stringify({ prompt: 'ping', max_tokens: maxTokens }),
  });
  await response.arrayBuffer();
  return response.status;
}

beforeAll(async () => {
  folder = await buildFleet();
  fleet = await startTestFleet(folder, options);
});

afterAll(async () => {
  await fleet.stop();
  removeFolder(fleet.stateDir);
  removeFolder(folder);
});

describe('the supervisor', () => {
  it('restarts once per generation, and tells a repeated operation that it was done', async () => {
    const before = await replica('engine-1');
    const ask = { operationId: 'restart-a', ifGeneration: before.generation, graceMs: 1000 };
    const [first, twin] = await Promise.all([
      admin(fleet, 'POST', '/v1/replicas/engine-1/restart', ask),
      admin(fleet, 'POST', '/v1/replicas/engine-1/restart', ask),
    ]);
    expect([first.status, twin.status]).toEqual([200, 200]);
    expect([first.body['already'], twin.body['already']].sort()).toEqual([false, true]);
    const after = await replica('engine-1');
    expect(after).toMatchObject({ generation: before.generation + 1, state: 'running' });
    expect(after.pid).not.toBe(before.pid);
    expect(isAlive(before.pid)).toBe(false);

    const late = { ...ask, operationId: 'restart-b' };
    const refused = await admin(fleet, 'POST', '/v1/replicas/engine-1/restart', late);
    expect(refused).toMatchObject({
      status: 409,
      body: { replica: { generation: before.generation + 1 } },
    });
    expect((await replica('engine-1')).pid).toBe(after.pid);
  });

  it('refuses malformed operations with the field', async () => {
    const noGeneration = await admin(fleet, 'POST', '/v1/replicas/engine-1/restart', {
      operationId: 'x',
    });
    expect(noGeneration.status).toBe(400);
    expect(noGeneration.body['error']).toContain('ifGeneration');
    const unknown = await admin(fleet, 'POST', '/v1/faults', { fault: 'gremlins' });
    expect(unknown.status).toBe(400);
    expect((await admin(fleet, 'POST', '/v1/replicas/nope/restart', {})).status).toBe(404);
  });

  it('starts a killed engine again, with a higher generation', async () => {
    const before = await replica('engine-2');
    process.kill(before.pid, 'SIGKILL');
    const after = await eventually(
      () => replica('engine-2'),
      (view) => view.state === 'running' && view.pid !== before.pid,
      10_000,
    );
    expect(after.generation).toBe(before.generation + 1);
  });

  it('scales absolutely, and serves through an engine that was added at run time', async () => {
    const ask = { operationId: 'scale-a', replicas: 4 };
    const scaled = await admin(fleet, 'POST', '/v1/scale', ask);
    expect(scaled).toMatchObject({ status: 200, body: { already: false, replicas: 4 } });
    expect((await admin(fleet, 'POST', '/v1/scale', ask)).body['already']).toBe(true);
    const { address, pid } = await replica('engine-4');
    await runtime(fleet, `add server engines/engine-4 ${address} check weight 100`);
    await runtime(fleet, 'enable server engines/engine-4; enable health engines/engine-4');
    for (const number of [1, 2, 3]) {
      await runtime(fleet, `set server engines/engine-${number} state maint`);
    }
    expect(await complete(1)).toBe(200);
    for (const number of [1, 2, 3]) {
      await runtime(fleet, `set server engines/engine-${number} state ready`);
    }
    await runtime(fleet, 'set server engines/engine-4 state maint');
    await runtime(fleet, 'del server engines/engine-4');
    await admin(fleet, 'POST', '/v1/scale', { operationId: 'scale-b', replicas: 3 });
    expect(isAlive(pid)).toBe(false);
  });

  it('activates a release on all engines, shows it as a change, and back', async () => {
    const ask = { operationId: 'release-a', ifRelease: 'r1' };
    expect((await admin(fleet, 'POST', '/v1/releases/r2/activate', ask)).status).toBe(200);
    expect((await replica('engine-3')).release).toBe('r2');
    const stale = { operationId: 'release-b', ifRelease: 'r1' };
    expect((await admin(fleet, 'POST', '/v1/releases/r1/activate', stale)).status).toBe(409);
    const { body } = await admin(fleet, 'GET', '/v1/changes?sinceMs=0');
    const changes = body['changes'] as { kind: string; after: unknown }[];
    expect(changes.filter(({ kind }) => kind === 'release').at(-1)?.after).toEqual({
      release: 'r2',
    });
    const back = { operationId: 'release-c', ifRelease: 'r2' };
    expect((await admin(fleet, 'POST', '/v1/releases/r1/activate', back)).status).toBe(200);
    expect((await replica('engine-1')).release).toBe('r1');
  });

  it('hangs a core whose health stays 200, and a restart cures it', async () => {
    const { url, generation } = await replica('engine-3');
    await admin(fleet, 'POST', '/v1/faults', { fault: 'hung-core', replica: 'engine-3' });
    const stuck = new AbortController();
    const body = JSON.stringify({ prompt: 'ping', max_tokens: 1 });
    const call = fetch(`${url}/v1/completions`, { method: 'POST', body, signal: stuck.signal });
    const outcome = call.then(
      (response) => response.status,
      () => 'aborted',
    );
    const page = await eventually(
      async () => (await fetch(`${url}/metrics`)).text(),
      (text) => /^aphrodite:num_requests_running\{[^}]*\} 1$/m.test(text),
      5000,
    );
    expect(page).toMatch(/^aphrodite:generation_tokens_total\{engine="0",model_name="[^"]+"\} 0$/m);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    stuck.abort();
    expect(await outcome).toBe('aborted');
    const ask = { operationId: 'unhang', ifGeneration: generation, graceMs: 500 };
    expect((await admin(fleet, 'POST', '/v1/replicas/engine-3/restart', ask)).status).toBe(200);
    expect((await fetch(`${url}/v1/completions`, { method: 'POST', body })).status).toBe(200);
    expect((await admin(fleet, 'GET', '/v1/faults')).body['active']).toEqual([]);
  });

  it('answers 503 with Retry-After while the circuit is open, and 429 to a rejected tenant', async () => {
    await runtime(fleet, 'add map circuit engines open');
    const response = await fetch(`${fleet.ready.gateway.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'ping' }),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    await response.arrayBuffer();
    await runtime(fleet, 'del map circuit engines; add map routing probe reject');
    expect(await complete(1)).toBe(429);
    await runtime(fleet, 'del map routing probe');
    expect(await complete(1)).toBe(200);
  });

  it('keeps weights, maps, generations and done operations across its own kill -9', async () => {
    await runtime(fleet, 'set weight engines/engine-1 30; set server engines/engine-2 state drain');
    await runtime(fleet, 'add map routing gold engine-3');
    const before = await gatewayState();
    const views = await Promise.all(['engine-1', 'engine-2', 'engine-3'].map(replica));
    const ended = new Promise((resolve) => fleet.process.once('exit', resolve));
    fleet.process.kill('SIGKILL');
    await ended;
    await eventually(
      () => Promise.resolve(views.some(({ pid }) => isAlive(pid))),
      (anyAlive) => !anyAlive,
      5000,
    );
    fleet = await startTestFleet(folder, options, fleet.stateDir);
    const withoutPorts = (state: string): string => state.replaceAll(/"port":\d+/g, '"port":0');
    expect(withoutPorts(await gatewayState())).toBe(withoutPorts(before));
    expect((await replica('engine-1')).generation).toBe((views[0]?.generation ?? 0) + 1);
    const again = { operationId: 'restart-a', ifGeneration: 1 };
    expect(
      (await admin(fleet, 'POST', '/v1/replicas/engine-1/restart', again)).body['already'],
    ).toBe(true);
  }, 30_000);

  it('names the port that is busy and the flag that changes it', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', () => resolve()));
    const { port } = blocker.address() as { port: number };
    try {
      const args = ['--supervisor-port', '0', '--runtime-port', '0', '--engine-port-base', '0'];
      const failed = await runFleet(folder, [
        ...args,
        ...['--gateway-port', String(port), '--state-dir', `${fleet.stateDir}/busy`, ...options],
      ]);
      expect(failed.code).toBe(1);
      expect(JSON.parse(failed.errors)).toMatchObject({ port, flag: '--gateway-port' });
    } finally {
      blocker.close();
    }
  });
});
