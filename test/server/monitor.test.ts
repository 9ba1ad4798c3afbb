import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/server/app.js';
import { createMonitor } from '../../src/server/monitor.js';

import { factsSignal, MONITOR_WORKFLOW_ID } from '../../src/workflows/monitor-messages.js';
import { alertRecord } from '../adapters/archive/records.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { serverParts } from './server-parts.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
vi.setConfig({ testTimeout: 60_000 });

let env: TestWorkflowEnvironment;
let stop: () => void;
let ended: Promise<void>;
beforeAll(async () => {
  env = await createDevServerEnv();
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, taskQueue: 'recovery' },
    workflowBundle: workflowBundle(),
  });
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  ended = worker.runUntil(stopped);
}, 120_000);
afterAll(async () => {
  stop();
  await ended;
  await env.teardown();
});

/** A request of the API over the real monitor. */
async function api() {
  const parts = await serverParts({ monitor: createMonitor(env.client) });
  const app = createApp(parts);
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const reply = await app.request(path, init);
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
  };
  return { ask, parts };
}

describe('/v1/mode', () => {
  it('is normal before anything ran, and follows what a detector sees', async () => {
    const { ask } = await api();
    expect((await ask('GET', '/v1/mode')).body).toMatchObject({
      mode: 'normal',
      maintenance: null,
    });
    const tell = (atMs: number, active: number) =>
      env.client.workflow.signalWithStart('monitor', {
        ...{ workflowId: MONITOR_WORKFLOW_ID, taskQueue: 'recovery', args: [] },
        signal: factsSignal,
        signalArgs: [
          {
            ...{ source: 'a', atMs, compliancePercent: active === 0 ? 99.5 : 80 },
            active: Array.from({ length: active }, (_, i) => ({
              ...{ fingerprint: `f${i}`, severity: 'minor' as const },
            })),
          },
        ],
      });
    const becomes = (mode: string, summary: string) =>
      vi.waitFor(
        async () => {
          expect((await ask('GET', '/v1/mode')).body['mode']).toBe(mode);
          const { body } = await ask('GET', '/metrics/summary');
          expect(body['monitoring_mode']).toBe(summary);
        },
        { timeout: 30_000 },
      );
    await tell(Date.now(), 1);
    await becomes('high-alert', 'high_alert');
    await tell(Date.now() + 1, 3);
    await becomes('emergency', 'emergency');
    await tell(Date.now() + 2, 1);
    await tell(Date.now() + 3, 0);
    await becomes('normal', 'normal');
  });

  it('enters maintenance with an end only, and leaves it', async () => {
    const { ask, parts } = await api();
    const refused = await ask('PUT', '/v1/mode', { mode: 'maintenance', reason: 'kernel' });
    expect(refused).toMatchObject({ status: 400 });
    const on = { mode: 'maintenance', for: '2h', by: 'ada', reason: 'kernel' };
    expect(await ask('PUT', '/v1/mode', on)).toMatchObject({
      status: 200,
      body: { mode: 'maintenance', why: 'by ada: kernel', maintenance: { by: 'ada' } },
    });
    const { body: summary } = await ask('GET', '/metrics/summary');
    expect(summary['monitoring_mode']).toBe('maintenance');
    const past = { ...on, for: undefined, until: '2020-01-01T00:00:00Z' };
    expect(await ask('PUT', '/v1/mode', past)).toMatchObject({ status: 409 });
    const off = await ask('PUT', '/v1/mode', { mode: 'auto', by: 'ada' });
    expect(off.body).toMatchObject({ mode: 'normal', maintenance: null });
    const { items } = await parts.archive.audit({ limit: 10 });
    expect(items.map(({ what, outcome }) => [what, outcome])).toContainEqual([
      ...['mode maintenance', 'accepted'],
    ]);
  });

  it('holds a mode until it is given back', async () => {
    const { ask } = await api();
    const held = await ask('PUT', '/v1/mode', { mode: 'emergency', by: 'ada', reason: 'launch' });
    expect(held.body).toMatchObject({
      mode: 'emergency',
      automatic: 'normal',
      held: { by: 'ada' },
    });
    const back = await ask('PUT', '/v1/mode', { mode: 'auto', by: 'ada' });
    expect(back.body).toMatchObject({ mode: 'normal', held: null });
  });
});

describe('/v1/silences', () => {
  it('adds, lists and ends them, and says why one can’t be', async () => {
    const { ask } = await api();
    const matchers = [{ name: 'service', op: '=', value: 'chat' }];
    const given = { matchers, by: 'ada', reason: 'known', for: '1h' };
    const added = await ask('POST', '/v1/silences', given);
    expect(added).toMatchObject({ status: 201, body: { matchers, owner: 'ada', reason: 'known' } });
    const id = String(added.body['id']);
    expect((await ask('GET', '/v1/silences')).body).toMatchObject({ silences: [{ id }] });
    expect((await ask('DELETE', `/v1/silences/${id}`)).status).toBe(200);
    expect((await ask('DELETE', `/v1/silences/${id}`)).status).toBe(409);
    const wild = [{ name: 'replica', op: '=~', value: '(a+)+' }];
    expect(await ask('POST', '/v1/silences', { ...given, matchers: wild })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('a repeated group') as string },
    });
  });
});

it('lists alerts with how each delivery stands', async () => {
  const { ask, parts } = await api();
  await parts.archive.putAlert(alertRecord({ id: 'a1' }));
  await parts.archive.putDelivery({
    ...{ notificationId: 'a1', channel: 'pager', incidentId: undefined, threadKey: 't' },
    ...{ state: 'pending', attempts: 2, atMs: 1_700_000_000_000, error: 'timeout' },
    ...{ ref: undefined, insteadOf: undefined },
  });
  const { body } = await ask('GET', '/v1/alerts?incident=chat:engine-2:request_latency_p95');
  expect(body).toMatchObject({
    next: null,
    alerts: [
      {
        ...{ id: 'a1', kind: 'violation', state: 'sent', acknowledgedBy: null },
        deliveries: [{ channel: 'pager', state: 'pending', attempts: 2, error: 'timeout' }],
      },
    ],
  });
  expect((await ask('GET', '/v1/alerts?incident=other')).body).toMatchObject({ alerts: [] });
});
