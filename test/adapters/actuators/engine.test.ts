import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { findFreePort } from '../../../src/adapters/temporal/port.js';
import { engine } from '../../../src/adapters/actuators/engine.js';
import { scratchFolder } from '../../support/scratch.js';
import { startFleet, type FleetProcess } from './fleet-process.js';
import { startHttpServer, type Answer, type SeenRequest } from './http-server.js';

type Routes = Readonly<Record<string, Answer>>;

/** An engine of which only some endpoints matter; the others are 404 as FastAPI answers. */
const startEngine = (routes: Routes) =>
  startHttpServer(({ method, url }) => {
    const [route = ''] = url.split('?');
    return routes[`${method} ${route}`] ?? [404, { detail: 'Not Found' }];
  });

function adminOf(url: string, more: Readonly<Record<string, unknown>> = {}) {
  const timeouts = { timeout: '400ms', completionTimeout: '400ms' };
  const ports = engine.create(engine.schema.parse({ replicas: { r1: url }, ...timeouts, ...more }));
  onTestFinished(() => ports.close());
  return ports.engine;
}

const MODELS: Answer = [200, { data: [{ id: 'base' }, { id: 'sql-lora' }] }];
const COMPLETION: Answer = [200, { choices: [{ text: 'pong' }] }];
const HEALTHY: Routes = {
  'GET /health': [200],
  'GET /v1/models': MODELS,
  'POST /v1/completions': COMPLETION,
};
const paths = (seen: readonly SeenRequest[]): readonly string[] =>
  seen.map(({ method, url }) => `${method} ${url}`);

describe('engine capabilities', () => {
  it('offers what Aphrodite in development mode has, and posts nothing that acts', async () => {
    const server = await startEngine({
      'GET /reset_prefix_cache': [405],
      'GET /is_sleeping': [200, { is_sleeping: false }],
      'GET /is_paused': [200, { is_paused: false }],
      'POST /v1/load_lora_adapter': [422],
      'GET /v1/models': MODELS,
    });
    const offered = await adminOf(server.url).capabilities('r1');
    expect([...offered].sort()).toEqual([
      'completion',
      'lora',
      'pause',
      'reset-prefix-cache',
      'sleep',
    ]);
    const posted = server.seen.filter(({ method }) => method !== 'GET');
    expect(posted.map(({ url, body }) => [url, body])).toEqual([['/v1/load_lora_adapter', '{}']]);
  });

  it('offers only completions where everything else is 404, and nothing with a wrong key', async () => {
    const plain = await startEngine({ 'GET /v1/models': MODELS });
    expect([...(await adminOf(plain.url).capabilities('r1'))]).toEqual(['completion']);
    const locked = await startEngine({ 'GET /v1/models': [401] });
    expect([...(await adminOf(locked.url).capabilities('r1'))]).toEqual([]);
  });

  it('does not take an engine that is away for one that offers nothing', async () => {
    const admin = adminOf(`http://127.0.0.1:${await findFreePort()}`);
    await expect(admin.capabilities('r1')).rejects.toMatchObject({ reason: 'unreachable' });
  });
});

describe('engine health', () => {
  it('is well when a token comes back', async () => {
    const server = await startEngine(HEALTHY);
    expect(await adminOf(server.url).health('r1')).toMatchObject({
      isServing: true,
      completes: true,
      detail: '',
    });
    expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toMatchObject({
      model: 'base',
      max_tokens: 1,
    });
  });

  it('tells a hung core from a dead server by its own timeout', async () => {
    const hung = await startEngine({ ...HEALTHY, 'POST /v1/completions': 'hang' });
    const startedAtMs = Date.now();
    const health = await adminOf(hung.url).health('r1');
    expect(health).toMatchObject({ isServing: true, completes: false });
    expect(health.detail).toContain('no complete reply within 400 ms');
    expect(health.latencyMs).toBeGreaterThanOrEqual(390);
    expect(Date.now() - startedAtMs).toBeLessThan(2_000);
    const dead = adminOf(`http://127.0.0.1:${await findFreePort()}`);
    expect(await dead.health('r1')).toMatchObject({ isServing: false, completes: false });
  });

  it.each<[string, Routes, Readonly<Record<string, unknown>>]>([
    ['/health is 503', { 'GET /health': [503] }, { isServing: false }],
    ['/health hangs', { 'GET /health': 'hang' }, { isServing: false }],
    ['/health breaks off', { 'GET /health': 'cut' }, { isServing: false }],
    ['the completion fails', { 'POST /v1/completions': [500] }, { isServing: true }],
    ['the completion breaks off', { 'POST /v1/completions': 'cut' }, { isServing: true }],
    ['the completion is garbage', { 'POST /v1/completions': [200, '<html>'] }, { isServing: true }],
    ['it has no choice', { 'POST /v1/completions': [200, { choices: [] }] }, { isServing: true }],
    ['no model is loaded', { 'GET /v1/models': [200, { data: [] }] }, { isServing: true }],
  ])('does not complete when %s', async (_what, routes, expected) => {
    const server = await startEngine({ ...HEALTHY, ...routes });
    const health = await adminOf(server.url).health('r1');
    expect(health).toMatchObject({ ...expected, completes: false });
    expect(health.detail).not.toBe('');
  });

  it.each([
    [401, 'unauthorized'],
    [400, 'rejected'],
    [429, 'rate-limited'],
  ])('does not call an engine sick that refuses the probe with %i', async (status, reason) => {
    const server = await startEngine({ ...HEALTHY, 'POST /v1/completions': [status] });
    await expect(adminOf(server.url).health('r1')).rejects.toMatchObject({ reason });
  });
});

describe('engine key', () => {
  it('goes under /v1 only, and is read anew for each call', async () => {
    const file = path.join(scratchFolder(), 'key');
    writeFileSync(file, 'first-key\n');
    const server = await startEngine(HEALTHY);
    const admin = adminOf(server.url, { apiKey: { file } });
    await admin.health('r1');
    writeFileSync(file, 'second-key\n');
    await admin.health('r1');
    expect(server.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/health', undefined],
      ['/v1/models', 'Bearer first-key'],
      ['/v1/completions', 'Bearer first-key'],
      ['/health', undefined],
      ['/v1/models', 'Bearer second-key'],
      ['/v1/completions', 'Bearer second-key'],
    ]);
  });

  it('is named, not shown, when it can not be had', async () => {
    const server = await startEngine(HEALTHY);
    const admin = adminOf(server.url, { apiKey: { env: 'PARAMEDIC_TEST_NO_SUCH_KEY' } });
    await expect(admin.health('r1')).rejects.toMatchObject({
      reason: 'unauthorized',
      message: 'environment variable PARAMEDIC_TEST_NO_SUCH_KEY is not set',
    });
  });
});

describe('engine actions', () => {
  it('says what would make a conditional endpoint appear', async () => {
    const server = await startEngine(HEALTHY);
    await expect(adminOf(server.url).resetPrefixCache('r1')).rejects.toMatchObject({
      reason: 'not-found',
      message: expect.stringMatching(
        /engine "r1": POST .*404.*APHRODITE_SERVER_DEV_MODE=1/,
      ) as string,
    });
  });

  it('sets absolute states: nothing is sent when it is so already', async () => {
    let isSleeping = false;
    let isPaused = false;
    const server = await startHttpServer(({ method, url }) => {
      const [route = ''] = url.split('?');
      if (method === 'GET') {
        return route === '/is_sleeping'
          ? [200, { is_sleeping: isSleeping }]
          : [200, { is_paused: isPaused }];
      }
      if (route === '/sleep' || route === '/wake_up') isSleeping = route === '/sleep';
      else isPaused = route === '/pause';
      return [200];
    });
    const admin = adminOf(server.url, { pauseMode: 'wait' });
    for (const isOn of [true, true, false, false]) {
      await admin.setSleeping('r1', isOn);
      await admin.setPaused('r1', isOn);
    }
    expect(paths(server.seen).filter((route) => route.startsWith('POST'))).toEqual([
      'POST /sleep?level=1&mode=abort',
      'POST /pause?mode=wait',
      'POST /wake_up',
      'POST /resume',
    ]);
  });

  it('loads and unloads an adapter once', async () => {
    const loaded = new Set(['base']);
    const server = await startHttpServer(({ method, url, body }) => {
      if (method === 'GET') return [200, { data: [...loaded].map((id) => ({ id })) }];
      const { lora_name: name } = JSON.parse(body) as { lora_name: string };
      if (url.includes('unload')) loaded.delete(name);
      else loaded.add(name);
      return [200, 'Success'];
    });
    const admin = adminOf(server.url);
    const adapter = { name: 'sql', path: '/adapters/sql' };
    for (const isLoaded of [true, true, false, false]) await admin.setLora('r1', adapter, isLoaded);
    const posted = server.seen.filter(({ method }) => method === 'POST');
    expect(posted.map(({ url, body }) => [url, JSON.parse(body) as unknown])).toEqual([
      ['/v1/load_lora_adapter', { lora_name: 'sql', lora_path: '/adapters/sql' }],
      ['/v1/unload_lora_adapter', { lora_name: 'sql' }],
    ]);
  });

  it('refuses a state that it can not read', async () => {
    const server = await startEngine({ 'GET /is_paused': [200, { paused: 'perhaps' }] });
    await expect(adminOf(server.url).setPaused('r1', true)).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringContaining('unexpected reply') as string,
    });
    expect(paths(server.seen)).toEqual(['GET /is_paused']);
  });

  it('looks an unlisted replica up, and names one that nobody knows', async () => {
    const server = await startEngine(HEALTHY);
    const settings = engine.schema.parse({});
    const ports = engine.create(settings, {
      resolveAddress: (replica) =>
        Promise.resolve(replica === 'scaled-4' ? server.address : undefined),
    });
    onTestFinished(() => ports.close());
    expect(await ports.engine.health('scaled-4')).toMatchObject({ completes: true });
    await expect(ports.engine.health('r77')).rejects.toMatchObject({
      reason: 'not-found',
      message: expect.stringContaining('engine "r77" has no known address') as string,
    });
  });

  it('keeps what it can get before a restart, without keys', async () => {
    const file = path.join(scratchFolder(), 'key');
    writeFileSync(file, 'very-secret');
    const server = await startEngine({
      ...HEALTHY,
      'GET /server_info': [200, { config: "Namespace(api_key='other-secret', port=1)" }],
      'GET /version': [200, { version: '0.10 very-secret' }],
      'GET /metrics': 'hang',
    });
    const kept = await adminOf(server.url, { apiKey: { file } }).forensics('r1');
    expect(Object.keys(kept)).toEqual([
      'health',
      'version',
      'serverInfo',
      'load',
      'models',
      'metrics',
    ]);
    expect(kept).toMatchObject({
      version: '{"version":"0.10 [redacted]"}',
      serverInfo: '{"config":"Namespace(api_key=[redacted], port=1)"}',
    });
    expect(kept['load']).toContain('status 404');
    expect(kept['metrics']).toContain('unavailable: ');
    expect(kept['models']).toContain('sql-lora');
  });
});

describe('engine admin against the reference fleet', () => {
  let fleet: FleetProcess;
  beforeAll(async () => {
    fleet = await startFleet(2);
  });
  afterAll(() => fleet.stop());
  const admin = () => {
    const replicas = Object.fromEntries(fleet.replicas.map(({ name, url }) => [name, url]));
    const settings = { replicas, timeout: '1s', completionTimeout: '1s' };
    const ports = engine.create(engine.schema.parse(settings));
    onTestFinished(() => ports.close());
    return ports.engine;
  };

  it('finds every capability and uses each', async () => {
    expect([...(await admin().capabilities('engine-1'))].sort()).toEqual([
      'completion',
      'lora',
      'pause',
      'reset-prefix-cache',
      'sleep',
    ]);
    await admin().resetPrefixCache('engine-1');
    await admin().setPaused('engine-1', true);
    expect(await admin().health('engine-1')).toMatchObject({ isServing: true, completes: false });
    await admin().setPaused('engine-1', false);
    await admin().setSleeping('engine-1', true);
    await admin().setSleeping('engine-1', false);
    await admin().setLora('engine-1', { name: 'sql', path: '/adapters/sql' }, true);
    expect((await admin().forensics('engine-1'))['models']).toContain('"sql"');
    await admin().setLora('engine-1', { name: 'sql', path: '/adapters/sql' }, false);
    expect(await admin().health('engine-1')).toMatchObject({ completes: true, detail: '' });
    expect((await admin().forensics('engine-1'))['metrics']).toContain('aphrodite:');
  });

  it('sees a hung core behind a healthy /health', async () => {
    await fleet.inject('hung-core', 'engine-2');
    expect(await admin().health('engine-2')).toMatchObject({ isServing: true, completes: false });
    expect(await admin().health('engine-1')).toMatchObject({ isServing: true, completes: true });
  });
});
