import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../src/compose/http-listener.js';
import { createInternalApi } from '../../src/detector/internal-api.js';
import type { AlertResult } from '../../src/detector/alerts.js';
import { createApp } from '../../src/server/app.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector, P95, started, type Made } from '../detector/make-detector.js';
import { scratchFolder } from '../support/scratch.js';
import { NO_HEALTH, serverParts } from './server-parts.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { REPLICA_AVAILABILITY } from '../../src/domain/sla/availability.js';

const BODIES = path.resolve(import.meta.dirname, '../adapters/sources/alertmanager');
const body = (name: string) =>
  JSON.parse(readFileSync(path.join(BODIES, `${name}.json`), 'utf8')) as Record<string, unknown>;

interface Product {
  readonly made: Made;
  readonly incidents: FakeIncidents;
  readonly alerts: AlertResult[];
  readonly truncated: number[];
  readonly app: ReturnType<typeof createApp>;
  readonly send: (
    method: string,
    url: string,
    given?: unknown,
  ) => Promise<{ status: number; body: unknown }>;
}

/** Server and detector as in production, over a real socket; incidents are counted instead of run. */
async function product(
  folder = scratchFolder(),
  incidents = new FakeIncidents(),
): Promise<Product> {
  const thresholds = [P95, ...DEFAULT_THRESHOLDS.slice(1), REPLICA_AVAILABILITY];
  const made = await started(makeDetector(folder, incidents, { thresholds }));
  const alerts: AlertResult[] = [];
  const truncated: number[] = [];
  const internal = createInternalApi({
    detector: made.detector,
    metrics: () => '',
    push: {
      services: new Map([['chat', new Set(['e1', 'e2', 'e3'])]]),
      isOwn: () => true,
      incidentTtlMs: 60_000,
      alertTtlMs: 60_000,
      onMeasurements: () => undefined,
      onAlert: (result) => alerts.push(result),
      onTruncated: (count) => truncated.push(count),
    },
    breakers: () => [],
    health: () => Promise.resolve(NO_HEALTH),
    reload: ({ dropChanges }) => made.detector.thresholds.rebase([P95], { dropChanges }),
    onError: (error) => made.problems.push(String(error)),
    guard: () => undefined,
    now: Date.now,
  });
  const listener = await listen(internal, { host: '127.0.0.1', port: 0, setting: 'none' });
  onTestFinished(() => listener.stop());
  const app = createApp(
    await serverParts({
      detector: createDetectorClient(`http://127.0.0.1:${listener.port}`),
      onError: (what, error) => made.problems.push(`${what}: ${String(error)}`),
    }),
  );
  const send: Product['send'] = async (method, url, given) => {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const reply = await app.request(url, given === undefined ? { method } : { method, body: text });
    return { status: reply.status, body: await reply.json() };
  };
  return { made, incidents, alerts, truncated, app, send };
}

/** Typed, so that nothing is `any`. */
const like = (pattern: RegExp | string): unknown => expect.stringMatching(pattern);

const post = (url: string) => async (given: unknown, from: Product) =>
  from.send('POST', url, given);

describe('POST /v1/measurements', () => {
  const measure = post('/v1/measurements');

  it('takes what is right of a batch, and says why the rest is not', async () => {
    const from = await product();
    const at = Date.now() / 1000;
    const sample = { metric: P95.metric, replica: 'e1' };
    const reply = await measure(
      {
        measurements: [
          { ...sample, value: 120, time: at - 2 },
          { ...sample, value: 'fast' },
          { ...sample, value: -3, time: at - 1 },
          { ...sample, value: 130, service: 'chta' },
          { ...sample, value: 130, time: at + 3600 },
          { ...sample, value: 140, time: at - 1 },
        ],
      },
      from,
    );
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      accepted: 2,
      rejected: [
        { index: 1, message: like(/^value: /) },
        { index: 2, message: like(/impossible/) },
        { index: 3, message: like(/"chta" is none of chat/) },
        { index: 4, message: like(/ahead of this clock/) },
      ],
    });
    const stored = from.made.detector.store.latest({
      service: 'chat',
      replica: 'e1',
      metric: P95.metric,
    });
    expect(stored?.value).toBe(140);
  });

  it('opens an incident when what is pushed violates', async () => {
    const from = await product();
    const at = Date.now() / 1000;
    const measurements = Array.from({ length: 20 }, (_, i) => ({
      ...{ metric: P95.metric, value: 900, time: at - 20 + i },
    }));
    await measure({ measurements }, from);
    await vi.waitFor(() => expect(from.incidents.open_.size).toBe(1));
  });

  it.each([
    ['no JSON', 'hello', 400],
    ['no batch', { metric: 'x', value: 1 }, 400],
    ['a number', '7', 400],
    ['too much', `"${'x'.repeat(5 << 20)}"`, 413],
  ])('refuses %s', async (_, given, status) => {
    expect((await measure(given, await product())).status).toBe(status);
  });
});

describe('POST /v1/incidents', () => {
  const report = post('/v1/incidents');
  const given = {
    ...{ type: 'resource_exhaustion', severity: 'major', service: 'chat', replica: 'e2' },
    ...{ evidence: { oom: true, line: 'CUDA out of memory' }, idempotencyKey: 'k1' },
  };
  const id = 'incident:chat:e2:gpu_utilization_percent';

  it('opens one incident however often it comes, also over a restart, and ends it', async () => {
    const folder = scratchFolder();
    const first = await product(folder);
    const { incidents } = first;
    expect(await report(given, first)).toEqual({
      status: 202,
      body: { status: 'opened', incident: id },
    });
    expect(await report(given, first)).toEqual({
      status: 202,
      body: { status: 'repeated', incident: id },
    });
    expect((await report({ ...given, idempotencyKey: 'k2' }, first)).body).toMatchObject({
      status: 'joined',
    });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(1));
    const [incident] = incidents.open_.values();
    expect(incident?.origin).toMatchObject({
      source: 'api',
      evidence: 'oom: true; line: CUDA out of memory',
    });
    await first.made.detector.stop();
    const second = await product(folder, incidents);
    expect((await report(given, second)).body).toMatchObject({ status: 'repeated' });
    const end = { status: 'resolved', idempotencyKey: 'k1', why: 'memory is back' };
    expect((await report(end, second)).body).toEqual({ status: 'resolved', incident: id });
    expect(incidents.open_.size).toBe(1);
    expect(
      (await report({ ...given, idempotencyKey: 'k2', status: 'resolved' }, second)).status,
    ).toBe(202);
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0));
    expect((await report(given, second)).body).toMatchObject({ status: 'ended' });
    expect(incidents.story.filter((line) => line.startsWith('start'))).toHaveLength(1);
  });

  it('stays with its incident when the thresholds change', async () => {
    const from = await product();
    const first = await report(given, from);
    await from.send('DELETE', '/v1/thresholds/gpu_utilization_percent');
    expect(await report({ ...given, severity: 'critical' }, from)).toMatchObject({
      body: { status: 'repeated', incident: (first.body as { incident: string }).incident },
    });
    await vi.waitFor(() =>
      expect([...from.incidents.open_.values()]).toMatchObject([{ severity: 'critical' }]),
    );
    await report({ status: 'resolved', idempotencyKey: 'k1' }, from);
    await vi.waitFor(() => expect(from.incidents.open_.size).toBe(0));
  });

  it('ends by itself when its time has passed', async () => {
    const from = await product();
    await report({ ...given, ttlSeconds: 1 }, from);
    await vi.waitFor(() => expect(from.incidents.open_.size).toBe(1));
    await vi.waitFor(() => expect(from.incidents.open_.size).toBe(0), { timeout: 5_000 });
    expect(from.incidents.story.at(-1)).toMatch(/neither repeated nor resolved/);
  });

  it.each([
    ['type', { ...given, type: 'bad_day' }],
    ['severity', { ...given, severity: 'huge' }],
    ['service', { ...given, service: 'other' }],
    ['idempotencyKey', { ...given, idempotencyKey: undefined }],
    ['ttlSeconds', { ...given, ttlSeconds: 0 }],
    ['evidence', { ...given, evidence: { dump: 'x'.repeat(20_000) } }],
  ])('refuses a wrong %s, and says so', async (key, wrong) => {
    const from = await product();
    const reply = await report(wrong, from);
    expect(reply).toMatchObject({ status: 400, body: { detail: like(key) } });
    expect(from.incidents.story.filter((line) => line.startsWith('start'))).toEqual([]);
  });
});

describe('POST /v1/alertmanager', () => {
  const alert = post('/v1/alertmanager');

  it('opens and ends incidents by real webhook bodies, once each', async () => {
    const from = await product();
    const firing = body('am_001_firing_EngineTTFTHigh');
    expect(await alert(firing, from)).toEqual({
      status: 200,
      body: { results: { incident: 1 }, truncated: 0 },
    });
    expect((await alert(firing, from)).body).toMatchObject({ results: { repeated: 1 } });
    await alert(body('am_005_firing_EngineDown'), from);
    await vi.waitFor(() =>
      expect([...from.incidents.open_.keys()].sort()).toEqual([
        'chat:e1:request_latency_p95',
        'chat:e3:replica_availability',
      ]),
    );
    expect(from.incidents.open_.get('chat:e1:request_latency_p95')?.severity).toBe('critical');
    await alert(body('am_003_resolved_EngineTTFTHigh'), from);
    await alert(body('am_006_resolved_EngineDown'), from);
    await vi.waitFor(() => expect(from.incidents.open_.size).toBe(0));
    // Deliveries overtake each other: what was resolved is not opened again.
    expect((await alert(firing, from)).body).toMatchObject({ results: { ended: 1 } });
    expect(from.incidents.story.filter((line) => line.startsWith('start'))).toHaveLength(2);
  });

  it('accepts and counts what means nothing here', async () => {
    const from = await product();
    const firing = body('am_001_firing_EngineTTFTHigh');
    const [one] = firing['alerts'] as { labels: object }[];
    const variants = [
      { ...one, labels: { alertname: 'DiskFull', severity: 'warning' } },
      { ...one, labels: { ...one?.labels, service: 'billing' } },
      { ...one, labels: 7 },
      {
        ...one,
        labels: { alertname: 'x', violation_type: 'latency_breach', replica: 'prometheus-0' },
      },
    ];
    const reply = await alert({ ...firing, alerts: variants, truncatedAlerts: 12 }, from);
    expect(reply).toEqual({
      status: 200,
      body: {
        results: { 'unknown-metric': 1, 'unknown-service': 1, malformed: 1, incident: 1 },
        truncated: 12,
      },
    });
    expect(from.truncated).toEqual([12]);
    expect(from.alerts).toHaveLength(4);
    await vi.waitFor(() =>
      expect([...from.incidents.open_.keys()]).toEqual(['chat:*:request_latency_p95']),
    );
  });

  it.each([['{}'], ['[]'], ['null'], ['{"version":"3"}'], ['nonsense']])(
    'refuses %s without failing',
    async (text) => expect((await alert(text, await product())).status).toBe(400),
  );
});

describe('/v1/thresholds', () => {
  it('lists, adds, changes, removes and reloads them, and audits who did', async () => {
    const { send, made } = await product();
    const one = { metric: 'up', name: 'mine', target: 1, window: '1m' };
    expect(await send('POST', '/v1/thresholds?by=ann', one)).toEqual({
      status: 201,
      body: { changed: ['mine'] },
    });
    expect((await send('POST', '/v1/thresholds', one)).status).toBe(409);
    expect((await send('GET', '/v1/thresholds/mine')).body).toMatchObject({
      target: 1,
      window: '1m',
    });
    expect((await send('PUT', '/v1/thresholds/mine', { ...one, window: '2m' })).status).toBe(200);
    expect(made.detector.thresholds.current.at(-1)?.windowMs).toBe(120_000);
    const all = (await send('GET', '/v1/thresholds')).body as { thresholds: unknown[] };
    expect((await send('PUT', '/v1/thresholds', { thresholds: all.thresholds })).body).toEqual({
      changed: [],
    });
    expect((await send('DELETE', '/v1/thresholds/mine')).status).toBe(200);
    expect((await send('DELETE', '/v1/thresholds/mine')).status).toBe(404);
    expect((await send('POST', '/v1/thresholds/reload', { dropChanges: true })).status).toBe(200);
    expect(made.detector.thresholds.current).toEqual([P95]);
    const { audit } = (await send('GET', '/v1/audit')).body as { audit: Record<string, unknown>[] };
    expect(audit.map(({ what, outcome }) => `${String(what)} ${String(outcome)}`).sort()).toEqual([
      'thresholds-delete accepted',
      'thresholds-delete refused',
      'thresholds-post accepted',
      'thresholds-post refused',
      'thresholds-put accepted',
      'thresholds-put accepted',
      'thresholds-reload accepted',
    ]);
    expect(audit.some(({ who }) => who === 'ann')).toBe(true);
  });

  it('refuses a wrong one with every mistake, and changes nothing', async () => {
    const { send, made } = await product();
    const before = made.detector.thresholds.current;
    const wrong = { metric: 'mine', target: '1', window: '1m', sort: 2 };
    const reply = await send('PUT', '/v1/thresholds/mine', wrong);
    expect(reply).toMatchObject({ status: 400, body: { problems: expect.any(Array) as unknown } });
    expect(JSON.stringify(reply.body)).toMatch(/target.*expected a number/);
    expect((await send('PUT', '/v1/thresholds/mine', { name: 'other' })).status).toBe(400);
    expect((await send('PUT', '/v1/thresholds', { thresholds: [] })).status).toBe(400);
    expect(made.detector.thresholds.current).toBe(before);
  });
});

describe('while the detector is away', () => {
  it('says 503, so that who sent it sends it again', async () => {
    const { app } = await product();
    const away = createDetectorClient('http://127.0.0.1:1');
    await expect(away.forward('POST', '/internal/alertmanager', {})).rejects.toMatchObject({
      status: 503,
    });
    expect(await away.status()).toBeUndefined();
    expect((await app.request('/health/production')).status).toBe(200);
  });
});
