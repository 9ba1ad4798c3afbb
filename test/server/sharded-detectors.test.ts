import { describe, expect, it, vi } from 'vitest';
import { shardsOf } from '../../src/domain/shards.js';
import { createApp } from '../../src/server/app.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import { createShardedDetectors } from '../../src/server/sharded-detectors.js';
import { FakeIncidents } from '../detector/fake-incidents.js';
import { makeDetector, P95, started, type Made } from '../detector/make-detector.js';
import { scratchFolder } from '../support/scratch.js';
import { listenTo } from './internal-listener.js';
import { serverParts } from './server-parts.js';

const SERVICES = Array.from({ length: 8 }, (_, i) => `service-${i}`);
const SHARDS = 3;

interface Shard {
  readonly made: Made;
  readonly stop: () => Promise<void>;
}

/** A server before three detectors over real sockets, each with its services; they share Temporal. */
async function product(copies: number) {
  const ownersOf = (service: string) => shardsOf(service, { shards: SHARDS, copies });
  const incidents = new FakeIncidents();
  const shards: Shard[] = [];
  const clients = new Map<number, ReturnType<typeof createDetectorClient>>();
  for (let number = 1; number <= SHARDS; number += 1) {
    const isOwn = (service: string) => ownersOf(service).includes(number);
    const services = SERVICES.filter(isOwn);
    const made = await started(makeDetector(scratchFolder(), incidents, { services, isOwn }));
    const { url, stop } = await listenTo({
      detector: made.detector,
      metrics: () => `# TYPE up gauge\nup ${number}\n`,
      push: { services: new Map(SERVICES.map((name) => [name, new Set(['e1'])])), isOwn },
      onError: (text) => made.problems.push(text),
      guard: () => undefined,
    });
    clients.set(number, createDetectorClient(url));
    shards.push({ made, stop });
  }
  const nameOf = (number: number) => `detector-${number}`;
  const detector = createShardedDetectors({
    ...{ clients, services: SERVICES, ownersOf, nameOf, nowMs: Date.now },
  });
  const app = createApp(await serverParts({ detector }));
  const send = async (method: string, url: string, given?: unknown) => {
    const body = JSON.stringify(given);
    const reply = await app.request(url, given === undefined ? { method } : { method, body });
    return { status: reply.status, body: (await reply.json()) as Record<string, never> };
  };
  const seriesOf = (number: number) =>
    [...shards[number - 1]!.made.detector.store.series()].map(({ service }) => service).sort();
  return { shards, incidents, detector, send, ownersOf, seriesOf };
}

const ownedBy = (ownersOf: (service: string) => readonly number[], number: number) =>
  SERVICES.filter((name) => ownersOf(name).includes(number)).sort();

/** A value of each service's p95. */
const oneEach = (value: number) =>
  SERVICES.map((service) => ({ metric: P95.metric, value, service, replica: 'e1' }));

const report = (service: string) => ({
  ...{ type: 'latency_breach', severity: 'major', service, replica: 'e1' },
  idempotencyKey: 'k1',
});

describe('measurements of a sharded fleet', () => {
  it.each([1, 2])('reach every detector of their service: %i', async (copies) => {
    const { send, ownersOf, seriesOf } = await product(copies);
    const wrong = { metric: P95.metric, value: 100, service: 'srevice-1' };
    const reply = await send('POST', '/v1/measurements', {
      measurements: [wrong, ...oneEach(100), { metric: P95.metric, value: 1 }],
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      accepted: SERVICES.length,
      rejected: [
        { index: 0, message: expect.stringContaining('"srevice-1" is none of') as string },
        { index: 9, message: 'service: expected one, since several are configured' },
      ],
    });
    for (let n = 1; n <= SHARDS; n += 1) expect(seriesOf(n)).toEqual(ownedBy(ownersOf, n));
  });

  it('are refused one by one where nobody watches their service now', async () => {
    const { send, shards, ownersOf } = await product(1);
    await shards[1]!.stop();
    const lost = ownedBy(ownersOf, 2);
    const { body } = await send('POST', '/v1/measurements', { measurements: oneEach(100) });
    expect(body).toMatchObject({ accepted: SERVICES.length - lost.length });
    expect(body['rejected']).toEqual(
      lost.map((name) => ({
        index: SERVICES.indexOf(name),
        message: 'no answer of detector-2: send it again',
      })),
    );
  });
});

describe('the state of a sharded fleet', () => {
  it('is that of all detectors, each service once', async () => {
    const { send, detector } = await product(2);
    const nowMs = Date.now();
    for (let i = 0; i < 30; i += 1) {
      const time = (nowMs - 30_000 + i * 1_000) / 1000;
      const measurements = oneEach(900).map((one) => ({ ...one, time }));
      expect((await send('POST', '/v1/measurements', { measurements })).status).toBe(200);
    }
    await vi.waitFor(
      async () => {
        const { summary } = (await detector.status())!;
        expect(summary.active.map(({ service }) => service).sort()).toEqual(SERVICES);
        expect(summary.lastDay.total).toBe(SERVICES.length);
      },
      { timeout: 20_000 },
    );
    const status = (await detector.status())!;
    expect(status.summary.compliancePercent).toBe(0);
    expect(status.summary.lastDay.openedAtMs).toHaveLength(SERVICES.length);
    expect(status.summary.heatMap.map(({ service }) => service).sort()).toEqual(SERVICES);
    expect(status).toMatchObject({ problems: [], unwatched: [], isDispatching: true });
    const sla = await send('GET', '/v1/sla');
    const names = (sla.body['thresholds'] as unknown as { service: string }[]).map(
      (t) => t.service,
    );
    expect(names.sort()).toEqual(SERVICES);
    expect(await send('GET', '/v1/thresholds/suggestions')).toMatchObject({ status: 409 });
  });

  it('says who does not answer, and what nobody watches now', async () => {
    const { send, shards, ownersOf } = await product(1);
    await shards[2]!.stop();
    const { body } = await send('GET', '/health/production');
    const lost = SERVICES.filter((name) => ownersOf(name)[0] === 3).join(', ');
    expect(body).toMatchObject({
      status: 'degraded',
      problems: [`detector-3 does not answer: nobody watches ${lost}`],
    });
  });

  it('is whole without one detector where each service is watched by two', async () => {
    const { send, shards, detector, seriesOf } = await product(2);
    await send('POST', '/v1/measurements', { measurements: oneEach(100) });
    expect(seriesOf(1).length).toBeGreaterThan(0);
    await shards[0]!.stop();
    const { body } = await send('GET', '/health/production');
    expect(body['problems']).toEqual(['detector-1 does not answer: others watch its services']);
    expect((await detector.status())?.unwatched).toEqual([]);
    const again = { measurements: oneEach(100) };
    expect(await send('POST', '/v1/measurements', again)).toMatchObject({
      body: { accepted: SERVICES.length, rejected: [] },
    });
    for (const service of SERVICES) {
      const path = `/internal/history?service=${service}&fromMs=0&toMs=${Date.now() + 1e6}`;
      const { body: history } = await detector.forward('GET', path, undefined);
      expect(history).toMatchObject({ series: [{ service }] });
    }
  });

  it('is unknown while none answers', async () => {
    const { shards, detector, send } = await product(1);
    await Promise.all(shards.map(({ stop }) => stop()));
    expect(await detector.status()).toBeUndefined();
    expect(await detector.metrics()).toBeUndefined();
    const pushed = await send('POST', '/v1/measurements', { measurements: oneEach(1) });
    expect(pushed.status).toBe(503);
  });

  it('has the metrics of each detector under its name', async () => {
    const { detector } = await product(1);
    expect(await detector.metrics()).toContain(
      'up{role="detector-1"} 1\nup{role="detector-2"} 2\nup{role="detector-3"} 3',
    );
  });
});

describe('thresholds of a sharded fleet', () => {
  const limits = (shards: readonly Shard[]) =>
    shards.map(({ made }) => made.detector.thresholds.current[0]?.target);

  it('change in all detectors, and are refused by all', async () => {
    const { send, shards } = await product(1);
    const given = { metric: P95.metric, target: 300, tolerance: '10%', window: '20s' };
    const changed = await send('PUT', `/v1/thresholds/${P95.name}`, given);
    expect(changed).toMatchObject({ status: 200, body: { changed: [P95.name] } });
    expect(limits(shards)).toEqual([300, 300, 300]);
    const wrong = await send('PUT', `/v1/thresholds/${P95.name}`, { ...given, target: 'fast' });
    expect(wrong.status).toBe(400);
    expect(limits(shards)).toEqual([300, 300, 300]);
  });

  it('stay as they are where one detector does not answer: all have to judge alike', async () => {
    const { send, shards } = await product(1);
    await shards[2]!.stop();
    const given = { metric: P95.metric, target: 300, tolerance: '10%', window: '20s' };
    const reply = await send('PUT', `/v1/thresholds/${P95.name}`, given);
    expect(reply.status).toBe(503);
    expect(JSON.stringify(reply.body)).toContain('no answer of detector-3: nothing was changed');
    expect(limits(shards)).toEqual([P95.target, P95.target, P95.target]);
  });

  it('that differ are told: a detector that was away while they were changed', async () => {
    const { send, shards } = await product(1);
    const given = { metric: P95.metric, target: 300, tolerance: '10%', window: '20s' };
    await shards[1]!.made.detector.thresholds.set(P95.name, given);
    const { body } = await send('GET', '/health/production');
    expect(JSON.stringify(body['problems'])).toContain(
      'detector-1, detector-3 and detector-2 judge by different thresholds',
    );
  });
});

describe('reports about a sharded fleet', () => {
  it.each([1, 2])('open one incident, and end it: %i', async (copies) => {
    const { send, incidents } = await product(copies);
    const opened = await send('POST', '/v1/incidents', report('service-5'));
    expect(opened).toMatchObject({ status: 202, body: { status: 'opened' } });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(1));
    const over = { status: 'resolved', idempotencyKey: 'k1' };
    const ended = await send('POST', '/v1/incidents', over);
    expect(ended.body).toEqual({ status: 'resolved', incident: opened.body['incident'] });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0));
    expect(incidents.story).toHaveLength(2);
  });

  it('can’t end while a detector that may hold them does not answer', async () => {
    const { send, shards, ownersOf, incidents } = await product(2);
    await send('POST', '/v1/incidents', report('service-5'));
    await shards[ownersOf('service-5')[1]! - 1]!.stop();
    const over = { status: 'resolved', idempotencyKey: 'k1' };
    expect((await send('POST', '/v1/incidents', over)).status).toBe(503);
    expect(incidents.story[0]).toMatch(/^start/);
    // A new one needs only one of them.
    const other = { ...report('service-5'), idempotencyKey: 'k2' };
    expect((await send('POST', '/v1/incidents', other)).status).toBe(202);
  });

  it('by Alertmanager go to the detectors of their services', async () => {
    const { send, incidents } = await product(2);
    const alert = (service: string | undefined, i: number) => ({
      ...{ status: 'firing', fingerprint: `f${i}`, annotations: {} },
      labels: {
        alertname: 'Slow',
        metric: P95.metric,
        ...(service === undefined ? {} : { service }),
      },
      ...{ startsAt: '2026-11-26T08:00:00Z', endsAt: '0001-01-01T00:00:00Z' },
    });
    const body = (alerts: readonly unknown[]) => ({ version: '4', groupKey: 'g', alerts });
    const firing = SERVICES.map(alert);
    const taken = await send('POST', '/v1/alertmanager', {
      ...body([...firing, alert(undefined, 20)]),
      truncatedAlerts: 2,
    });
    expect(taken.body).toEqual({
      results: { incident: SERVICES.length, 'unknown-service': 1 },
      truncated: 2,
    });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(SERVICES.length));
    const resolved = firing.map((one) => ({ ...one, status: 'resolved', endsAt: one.startsAt }));
    const ended = await send('POST', '/v1/alertmanager', body(resolved));
    expect(ended.body['results']).toEqual({ resolved: SERVICES.length });
    await vi.waitFor(() => expect(incidents.open_.size).toBe(0));
  });
});
