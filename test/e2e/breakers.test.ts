import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incidentIdOf } from '../../src/workflows/messages.js';
import { eventually } from './eventually.js';
import { Stack } from './stack.js';

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

beforeAll(async () => {
  stack = await Stack.prepare({
    breakers: {
      reconcile: '2s',
      aphrodite_engine: { openFor: '5s' },
      model_inference: { openFor: '5s' },
    },
  });
  await stack.start();
}, 240_000);

// It throws where a process is left behind.
afterAll(() => stack.stop(), 90_000);

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
