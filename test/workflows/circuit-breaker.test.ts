import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBreakers } from '../../src/compose/breakers.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { configSchema } from '../../src/config/schema.js';
import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import type { BreakerStatus } from '../../src/domain/recovery/breaker.js';
import {
  BREAKER_UPDATES,
  breakerStateQuery,
  breakerWorkflowId,
  type BreakerOutcome,
  type BreakerView,
} from '../../src/workflows/breaker-messages.js';
import { killSwitchUpdate, MONITOR_WORKFLOW_ID } from '../../src/workflows/monitor-messages.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { recordHistories } from './record-histories.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({
  logger: new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'WARN' : 'INFO'),
});

/** Short times on a server whose timers are exact to 10 ms; the rules are the product's. */
const { breakers: CONFIG } = configSchema.parse({
  breakers: {
    reconcile: '300ms',
    aphrodite_engine: { openFor: '600ms' },
    model_inference: { openFor: '600ms' },
  },
});
const WITHIN = { timeout: 20_000, interval: 25 };

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
let round = 0;
/** Each test has replicas of its own, and so breakers of its own. */
let replica = '';
beforeAll(async () => {
  env = await createDevServerEnv();
});
afterAll(async () => {
  await recordHistories(env, 'circuit breaker');
  await env.teardown();
}, 120_000);
beforeEach(() => {
  round += 1;
  const names = [1, 2, 3].map((number) => `r${round}-${number}`);
  fleet = new FakeFleet(names);
  replica = names[1] ?? '';
});

const breakersOf = () => createBreakers(() => env.client, { breakers: CONFIG });
const target = (of = replica) => ({ service: 'chat', replica: of });

function withWorkers<T>(run: () => Promise<T>, policy: Partial<RecoveryPolicy> = {}): Promise<T> {
  const world = fleet.world(createCoordination(env.client), policy, breakersOf());
  return runWithWorkers(env, world, run);
}

const tell = (outcome: Partial<BreakerOutcome>, of = replica) =>
  breakersOf().tell(target(of), {
    ...{ kind: 'aphrodite_engine', failures: 0, successes: 0, atMs: Date.now(), detail: '5xx' },
    ...outcome,
  });
const view = (of = replica): Promise<BreakerView> =>
  env.client.workflow.getHandle(breakerWorkflowId(target(of))).query(breakerStateQuery);
const until = (status: BreakerStatus, of = replica) =>
  vi.waitFor(async () => {
    const now = await view(of);
    expect(now.breakers.aphrodite_engine.status).toBe(status);
    return now;
  }, WITHIN);
const effects = (...expected: string[]) =>
  vi.waitFor(
    () => expect(fleet.effects).toEqual(expected.map((effect) => `${replica} ${effect}`)),
    WITHIN,
  );

describe('circuit breaker', () => {
  it('goes closed → open → half-open → closed, each in force at the load balancer', async () => {
    await withWorkers(async () => {
      await tell({ failures: 4 });
      await until('closed');
      await tell({ failures: 1 });
      await until('open');
      await effects('drain');
      await until('half-open');
      await effects('drain', 'weight 10', 'ready');
      await tell({ successes: 3 });
      const closed = await until('closed');
      await effects('drain', 'weight 10', 'ready', 'weight 100');
      expect(closed.breakers.aphrodite_engine).toMatchObject({
        reason: 'the trial passed: 3 successes in a row',
      });
    });
  }, 60_000);

  it('opens again when the trial fails, and is told in lists without a worker', async () => {
    await withWorkers(async () => {
      await tell({ failures: 5 });
      await until('half-open');
      await effects('drain', 'weight 10', 'ready');
      await tell({ failures: 1 });
      const again = await until('open');
      expect(again.breakers.aphrodite_engine.reason).toBe('the trial failed: 5xx');
      await effects('drain', 'weight 10', 'ready', 'drain');
      await until('half-open');
      await effects('drain', 'weight 10', 'ready', 'drain', 'ready');
      await tell({ successes: 3 });
      await until('closed');
      await effects('drain', 'weight 10', 'ready', 'drain', 'ready', 'weight 100');
      const none = { isDrained: false, weight: null };
      await vi.waitFor(async () => expect((await view()).hold).toEqual(none), WITHIN);
    });
    await vi.waitFor(async () => {
      const mine = (await breakersOf().states()).find((state) => state.replica === replica);
      expect(mine?.breakers.aphrodite_engine.status).toBe('closed');
      expect(mine?.hold).toEqual({ isDrained: false, weight: null });
    }, WITHIN);
  }, 60_000);

  it('is isolated until it is closed by hand, through a restart of its worker', async () => {
    await withWorkers(async () => {
      const said = await breakersOf().order(target(), 'isolate', { by: 'ada', reason: 'bad GPU' });
      expect(said).toBe('aphrodite_engine is isolated');
      expect(fleet.effects).toEqual([`${replica} drain`]);
      const refused = breakersOf().order(target(), 'open', { by: 'bob' });
      await expect(refused).rejects.toMatchObject({
        reason: 'rejected',
        message: expect.stringContaining('isolated by ada') as string,
      });
    });
    // Somebody puts it back at the load balancer while no worker runs: the level counts, not the edge.
    const server = fleet.servers.get(replica);
    if (server !== undefined) fleet.servers.set(replica, { ...server, admin: 'ready' });
    await withWorkers(async () => {
      await effects('drain', 'drain');
      await tell({ successes: 100 });
      expect((await view()).breakers.aphrodite_engine).toMatchObject({
        ...{ status: 'isolated', by: 'ada', reason: 'bad GPU' },
      });
      await breakersOf().order(target(), 'close', { by: 'ada' });
      await effects('drain', 'drain', 'ready');
      await expect(breakersOf().order(target(), 'close', {})).rejects.toThrow('closed already');
    });
  }, 60_000);

  it('takes over what the fast path drained, also when it was decided on old facts', async () => {
    await withWorkers(async () => {
      await breakersOf().order(target(), 'open', { by: 'ada', forMs: 60_000 });
      await breakersOf().order(target(), 'close', { by: 'ada' });
      await effects('drain', 'ready');
      // A detector that slept through all that wakes up, drains, and tells.
      await fleet.loadBalancer.setAdmin('engines', replica, 'drain');
      const hold = { isDrained: true, weight: null };
      await tell({ failures: 5, epoch: 0, hold });
      await effects('drain', 'ready', 'drain', 'ready');
      expect((await view()).breakers.aphrodite_engine.status).toBe('closed');
      // One that knows the present is believed; its drain is the breaker's from then on.
      await fleet.loadBalancer.setAdmin('engines', replica, 'drain');
      await tell({ failures: 5, epoch: 2, hold });
      await until('half-open');
      await effects('drain', 'ready', 'drain', 'ready', 'drain', 'weight 10', 'ready');
    });
  }, 60_000);

  it('leaves a drain and a weight that a recovery set', async () => {
    const server = fleet.servers.get(replica);
    if (server === undefined) throw new Error('it is there');
    fleet.servers.set(replica, { ...server, admin: 'drain', weight: 20 });
    await withWorkers(async () => {
      await tell({ failures: 5 });
      const open = await until('open');
      await vi.waitFor(
        async () => expect((await view()).note).toContain('another’s order'),
        WITHIN,
      );
      expect(open.hold).toEqual({ isDrained: false, weight: null });
      await until('half-open');
      await tell({ successes: 3 });
      await until('closed');
    });
    expect(fleet.effects).toEqual([]);
    expect(fleet.servers.get(replica)).toMatchObject({ admin: 'drain', weight: 20 });
  }, 60_000);

  it('is open in name only, with why, where too few healthy replicas would remain', async () => {
    await withWorkers(
      async () => {
        await tell({ failures: 5 });
        await until('open');
        await vi.waitFor(
          async () => expect((await view()).note).toContain('only 2 healthy servers would remain'),
          WITHIN,
        );
        const said = await breakersOf().order(target(), 'isolate', { by: 'ada' });
        expect(said).toContain('only 2 healthy servers would remain, at least 3 must');
      },
      { minHealthyReplicas: 3 },
    );
    expect(fleet.effects).toEqual([]);
  }, 60_000);

  it('gives a replica back whose peers went away, and takes it out again with their return', async () => {
    await withWorkers(async () => {
      await breakersOf().order(target(), 'isolate', { by: 'ada' });
      const peers = [...fleet.servers.values()].filter(({ name }) => name !== replica);
      for (const peer of peers) fleet.servers.set(peer.name, { ...peer, isUp: false });
      await effects('drain', 'ready');
      // The effect is seen before its breaker has heard of it.
      await vi.waitFor(
        async () => expect((await view()).note).toContain('only 0 healthy servers would remain'),
        WITHIN,
      );
      for (const peer of peers) fleet.servers.set(peer.name, peer);
      await effects('drain', 'ready', 'drain');
      await vi.waitFor(async () => expect((await view()).note).toBe(''), WITHIN);
    });
  }, 60_000);

  it('acts neither against the kill switch nor against the autonomy, but tells', async () => {
    const kill = (on: boolean) =>
      env.client.workflow
        .getHandle(MONITOR_WORKFLOW_ID)
        .executeUpdate(killSwitchUpdate, { args: [{ on, by: 'ada', reason: 'drill' }] });
    await env.client.workflow.start('monitor', {
      ...{ workflowId: MONITOR_WORKFLOW_ID, taskQueue: 'recovery' },
    });
    await withWorkers(async () => {
      await kill(true);
      await tell({ failures: 5 });
      await vi.waitFor(
        async () => expect((await view()).note).toContain('all actions were stopped by ada'),
        WITHIN,
      );
      await kill(false);
    });
    expect(fleet.effects).toEqual([]);
    await withWorkers(
      async () => {
        const other = `r${round}-3`;
        await tell({ failures: 5 }, other);
        await vi.waitFor(
          async () =>
            expect((await view(other)).note).toContain('autonomy of circuit_breaker_open'),
          WITHIN,
        );
        expect(fleet.effects.filter((effect) => effect.startsWith(other))).toEqual([]);
      },
      { autonomy: { ...DEFAULT_AUTONOMY, circuit_breaker_open: 'suggest' } },
    );
  }, 60_000);

  it('refuses a kind that does not exist with those that do', async () => {
    await withWorkers(async () => {
      await tell({ failures: 1 });
      const order = env.client.workflow
        .getHandle(breakerWorkflowId(target()))
        .executeUpdate(BREAKER_UPDATES.open, { args: [{ kind: 'gpu' as 'kv_cache' }] });
      await expect(order).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    });
  }, 60_000);
});
