import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { eventually } from './eventually.js';
import { Stack } from './stack.js';
import { WebhookReceiver } from './webhook-receiver.js';

interface BreakerJson {
  readonly id: string;
  readonly state: string;
  readonly failedTrials: number;
  readonly note: string | null;
}

const ENGINE_2 = 'breaker:aphrodite_engine:chat:engine-2';
const WITHIN_MS = 120_000;
/** HAProxy's bit of a server that was asked to drain. */
const DRAIN = 8;

let stack: Stack;
let hook: WebhookReceiver;

beforeAll(async () => {
  hook = await WebhookReceiver.start();
  const overrides = {
    channels: { hook: { kind: 'webhook', url: hook.url } },
    // Each violation is a page of its own here, told as soon as Temporal is surely away.
    monitor: { outage: { pageAfter: '3s' }, grouping: { within: '0s' } },
    breakers: {
      reconcile: '2s',
      aphrodite_engine: { openFor: '5s' },
      model_inference: { openFor: '5s' },
    },
  };
  // What a busy machine does to latency is of no interest here.
  const latency = { metric: 'request_latency_p95', target: 60_000, tolerance: '0%', window: '12s' };
  stack = await Stack.prepare(overrides, [latency]);
  await stack.start();
}, 240_000);

// It throws where a process is left behind.
afterAll(async () => {
  await stack.stop();
  await hook.stop();
}, 90_000);

async function breaker(): Promise<BreakerJson> {
  const { breakers } = (await stack.api('/v1/breakers')) as { breakers: BreakerJson[] };
  const found = breakers.find(({ id }) => id === ENGINE_2);
  if (found === undefined) throw new Error(`no ${ENGINE_2} among ${breakers.length}`);
  return found;
}
const until = (what: string, accept: (one: BreakerJson) => boolean) =>
  eventually(breaker, accept, {
    ...{ what: `${ENGINE_2} ${what}`, withinMs: WITHIN_MS },
    context: () => stack.output,
  });
const untilServer = (what: string, accept: (one: { admin: number; weight: number }) => boolean) =>
  eventually(() => stack.gateway.server('engine-2'), accept, {
    ...{ what: `engine-2 ${what}`, withinMs: WITHIN_MS },
    context: () => stack.output,
  });

describe('circuit breakers', () => {
  it('have a replica restarted whose trials keep failing, by an incident of its own', async () => {
    const startedAtMs = Date.now();
    expect((await stack.cli('fault', 'erroring-replica', 'engine-2')).code).toBe(0);
    await until('open', ({ state }) => state === 'open');
    await untilServer('away', ({ admin }) => admin === DRAIN);
    const { id } = await stack.openedAfter(startedAtMs, WITHIN_MS);
    expect(id).toBe(incidentIdOf('chat:engine-2:breaker_trials'));
    const closed = await stack.until(
      id,
      'resolved',
      ({ state }) => state === 'resolved',
      2 * WITHIN_MS,
    );
    expect(closed).toMatchObject({
      ...{ outcome: 'recovered', procedure: 'error_rate_spike', owed: [] },
    });
    const helped = closed.steps.filter(({ state }) => state === 'recovered');
    expect(helped.map(({ action }) => action)).toEqual(['restart_service']);
    await until('closed', ({ state }) => state === 'closed');
    await untilServer('as before', ({ admin, weight }) => admin === 0 && weight === 100);
    // Its service's users were spared all the while: nothing else was opened.
    const opened = (await stack.incidents()).filter(
      (one) => Date.parse(one.openedAt) >= startedAtMs,
    );
    expect(opened.map((one) => one.id)).toEqual([id]);
  }, 480_000);

  it('are in force again after kill -9 of everything but Temporal’s file', async () => {
    const isolated = await stack.cli('breaker', 'isolate', 'chat/engine-2', '--reason', 'bad GPU');
    expect(isolated).toMatchObject({ code: 0, stdout: 'aphrodite_engine is isolated\n' });
    await untilServer('away', ({ admin }) => admin === DRAIN);
    await stack.killEverything();
    // The load balancer knows nothing of it either when it starts: every server is ready.
    await stack.start();
    await untilServer('away', ({ admin }) => admin === DRAIN);
    await until('isolated', ({ state, note }) => state === 'isolated' && note === null);
    expect((await stack.cli('breaker', 'open', 'chat/engine-2')).stderr).toContain('isolated by');
    expect((await stack.cli('breaker', 'close', 'chat/engine-2')).code).toBe(0);
    await untilServer('as before', ({ admin, weight }) => admin === 0 && weight === 100);
  }, 480_000);
});

describe('an outage of Temporal in the middle of an incident', () => {
  const idOf = (replica: string) => incidentIdOf(`chat:${replica}:external-performance_regression`);
  /** Tells the detector as an engine does: how soon it is noticed must not depend on the machine. */
  const report = async (replica: string, more: Readonly<Record<string, unknown>> = {}) => {
    const type = { type: 'performance_regression', severity: 'major' };
    const reply = await fetch(`http://127.0.0.1:${stack.ports.server}/v1/incidents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...type, service: 'chat', replica, idempotencyKey: replica, ...more }),
    });
    expect([200, 201, 202]).toContain(reply.status);
  };
  const openings = (id: string) =>
    hook.received.filter(
      ({ incidentId, title }) => incidentId === id && / violation: /.test(title),
    );

  it('pages on, says degraded, and is caught up with after it, with nothing told twice', async () => {
    const [first, second] = [idOf('engine-3'), idOf('engine-1')];
    const context = () => `${JSON.stringify(hook.received, null, 1)}\n${stack.output}`;
    const within = { withinMs: WITHIN_MS, context };
    const untilPaged = (id: string) =>
      eventually(
        () => openings(id),
        (all) => all.length > 0,
        { what: `a page of ${id}`, ...within },
      );
    await report('engine-3');
    await untilPaged(first);

    // It neither answers nor refuses: what a stopped machine looks like.
    process.kill(stack.pidOf('temporal'), 'SIGSTOP');
    await report('engine-1');
    const [page] = await untilPaged(second);
    expect(page?.kind).toBe('trigger');
    const health = (await stack.api('/health/production')) as {
      status: string;
      problems: string[];
    };
    expect(health.status).not.toBe('healthy');
    expect(health.problems.join()).toContain('degraded: Temporal does not answer');

    // Its supervisor starts it again on its file.
    process.kill(stack.pidOf('temporal'), 'SIGKILL');
    await eventually(
      () => stack.incidents(),
      (all) => all.some(({ id }) => id === second),
      { what: `${second} in the archive`, ...within },
    );
    for (const [replica, id] of [
      ['engine-3', first],
      ['engine-1', second],
    ] as const) {
      await report(replica, { status: 'resolved' });
      await stack.until(id, 'resolved', ({ state }) => state === 'resolved', 2 * WITHIN_MS);
      await eventually(
        () => hook.counts(id)['resolve'],
        (count) => count === 1,
        { what: `the end of ${id}`, ...within },
      );
    }
    // What arrived in the instant in which Temporal stopped is delivered again, under the same id.
    for (const id of [first, second]) {
      expect(new Set(openings(id).map((one) => one.id)).size).toBe(1);
    }
    const keys = hook.received.filter(({ incidentId }) => incidentId === second);
    expect(new Set(keys.map(({ dedupKey }) => dedupKey))).toEqual(new Set([page?.dedupKey]));
  }, 600_000);
});
