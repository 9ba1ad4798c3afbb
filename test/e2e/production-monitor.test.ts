import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

interface AlertJson {
  readonly kind: string;
  readonly state: string;
  readonly why: string;
}

const ENGINE_2 = 'breaker:aphrodite_engine:chat:engine-2';
const WITHIN_MS = 120_000;
/** HAProxy's bit of a server that was asked to drain. */
const DRAIN = 8;

let stack: Stack;
let hook: WebhookReceiver;
/** Whoever is told when nobody acknowledged. */
let late: WebhookReceiver;

beforeAll(async () => {
  hook = await WebhookReceiver.start();
  late = await WebhookReceiver.start();
  const levels = [
    { after: '0s', channels: ['hook'] },
    { after: '30s', channels: ['late'] },
  ];
  const overrides = {
    channels: {
      hook: { kind: 'webhook', url: hook.url },
      late: { kind: 'webhook', url: late.url },
    },
    // Each violation is a page of its own here, told as soon as Temporal is surely away.
    monitor: { outage: { pageAfter: '3s' }, grouping: { within: '0s' }, escalation: { levels } },
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
  await late.stop();
}, 90_000);

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await stack.calm();
}, 180_000);

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

describe('an outage of Temporal of two minutes in the middle of an incident', () => {
  const OUTAGE_MS = 120_000;
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
  /** Ids of what a channel was told of an incident whose title says so: a repeat has the same id. */
  const told = (channel: WebhookReceiver, id: string, says: RegExp) => [
    ...new Set(
      channel.received
        .filter(({ incidentId, title }) => incidentId === id && says.test(title))
        .map((one) => one.id),
    ),
  ];
  const OPENING = / violation: /;
  const ESCALATION = /^Not acknowledged/;
  const END = /^Resolved/;
  const context = () =>
    `${JSON.stringify([hook.received, late.received], null, 1)}\n${stack.output}`;
  const untilTold = (what: string, channel: WebhookReceiver, id: string, says: RegExp) =>
    eventually(
      () => told(channel, id, says),
      (ids) => ids.length > 0,
      { what: `${what} of ${id}`, withinMs: WITHIN_MS, context },
    );
  const health = async () =>
    (await stack.api('/health/production')) as { status: string; problems: string[] };

  it('pages and escalates on, says degraded, and is caught up with, with nothing told twice', async () => {
    const [first, second, third] = [idOf('engine-3'), idOf('engine-1'), idOf('engine-2')];
    await report('engine-3');
    await untilTold('the page', hook, first, OPENING);

    // It neither answers nor refuses: what a stopped machine looks like.
    process.kill(stack.pidOf('temporal'), 'SIGSTOP');
    const stoppedAtMs = Date.now();
    const inOutage = (async () => {
      await report('engine-1');
      await untilTold('the page', hook, second, OPENING);
      // One that was open before ends meanwhile, one opens and ends, one is acknowledged by nobody.
      await report('engine-3', { status: 'resolved' });
      await report('engine-2');
      await untilTold('the page', hook, third, OPENING);
      await report('engine-2', { status: 'resolved' });
      await untilTold('the end', hook, third, END);
      await untilTold('the escalation', late, second, ESCALATION);
      return Date.now();
    })();
    for (;;) {
      const { status, problems } = await health();
      expect(status).toBe('degraded');
      expect(problems.join()).toContain('degraded: Temporal does not answer');
      if (Date.now() - stoppedAtMs >= OUTAGE_MS) break;
      await sleep(1_000);
    }
    // All of that came while Temporal was away.
    expect((await inOutage) - stoppedAtMs).toBeLessThan(OUTAGE_MS);
    expect(told(hook, second, END)).toEqual([]);

    // Its supervisor starts it again on its file.
    process.kill(stack.pidOf('temporal'), 'SIGKILL');
    const within = { withinMs: 2 * WITHIN_MS, context };
    await eventually(health, ({ problems }) => problems.length === 0, {
      ...{ what: 'Temporal’s answer', ...within },
    });
    await eventually(
      () => stack.incidents(),
      (all) => all.some(({ id }) => id === second),
      { what: `${second} in the archive`, ...within },
    );
    await untilTold('the end', hook, first, END);
    // The incident that was opened late knows who was told of it, and by whom.
    const alerts = await eventually(
      async () => {
        const path = `/v1/alerts?incident=${encodeURIComponent(second)}`;
        return ((await stack.api(path)) as { alerts: AlertJson[] }).alerts;
      },
      (all) => all.some(({ kind }) => kind === 'violation'),
      { what: `the page of ${second} in the archive`, ...within },
    );
    expect(alerts.find(({ kind }) => kind === 'violation')).toMatchObject({
      state: 'sent',
      why: expect.stringContaining('told by the detector') as unknown,
    });
    await report('engine-1', { status: 'resolved' });
    await untilTold('the end', hook, second, END);
    for (const id of [first, second]) {
      await stack.until(id, 'resolved', ({ state }) => state === 'resolved', 2 * WITHIN_MS);
    }
    expect((await health()).status).toBe('healthy');

    // What arrived in the instant in which Temporal stopped is delivered again, under the same id.
    for (const id of [first, second, third]) {
      expect([id, told(hook, id, OPENING).length]).toEqual([id, 1]);
      expect([id, told(hook, id, END).length]).toEqual([id, 1]);
      expect([id, told(late, id, ESCALATION).length <= 1]).toEqual([id, true]);
      const keys = hook.received.filter(({ incidentId }) => incidentId === id);
      expect(new Set(keys.map(({ dedupKey }) => dedupKey)).size).toBe(1);
    }
  }, 900_000);
});
