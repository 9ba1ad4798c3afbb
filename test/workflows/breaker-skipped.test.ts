import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBreakers } from '../../src/compose/breakers.js';
import { configSchema } from '../../src/config/schema.js';
import type { BreakerOrder, BreakerStatus } from '../../src/domain/recovery/breaker.js';
import { DEFAULT_BREAKERS, type BreakerKind } from '../../src/domain/recovery/breaker-kinds.js';
import {
  BREAKER_UPDATES,
  breakerStateQuery,
  breakerWorkflowId,
  type BreakerOrderMessage,
  type BreakerOutcome,
} from '../../src/workflows/breaker-messages.js';
import { createTimeSkippingEnv } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';
import { skippingCoordination } from './skipped-time.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** The shipped times, which are minutes: the server skips them. */
const { breakers: CONFIG } = configSchema.parse({});
const TARGET = { service: 'chat', replica: 'engine-2' };

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
beforeEach(async () => {
  fleet = new FakeFleet();
  env = await createTimeSkippingEnv();
}, 120_000);
afterEach(() => env.teardown());

/** One breaker, seen and told from outside. */
function breakerOf(kind: BreakerKind) {
  const breakers = createBreakers(() => env.client, { breakers: CONFIG });
  const handle = env.client.workflow.getHandle(breakerWorkflowId(TARGET));
  return {
    breakers,
    /** Tells what was seen, as a detector does. */
    tell: async (outcome: Partial<BreakerOutcome>) =>
      breakers.tell(TARGET, {
        ...{ kind, failures: 0, successes: 0, detail: '5xx', atMs: await env.currentTimeMs() },
        ...outcome,
      }),
    /** Orders as an operator does. */
    order: (order: BreakerOrder, more: BreakerOrderMessage = {}) =>
      handle.executeUpdate(BREAKER_UPDATES[order], { args: [{ kind, by: 'ada', ...more }] }),
    /** Waits for a state, and gives it. */
    is: (status: BreakerStatus, more: object = {}) =>
      vi.waitFor(
        async () => {
          const one = (await handle.query(breakerStateQuery)).breakers[kind];
          expect(one).toMatchObject({ status, ...more });
          return one;
        },
        { timeout: 60_000, interval: 25 },
      ),
  };
}

/** Waits for what the load balancer was made to do to the replica since the last look. */
const effects = (...expected: string[]) =>
  vi
    .waitFor(() => expect(fleet.effects).toEqual(expected.map((one) => `engine-2 ${one}`)), {
      timeout: 60_000,
      interval: 25,
    })
    .finally(() => void (fleet.effects.length = 0));

describe('a breaker with its shipped times, skipped', () => {
  it.each<BreakerKind>(['aphrodite_engine', 'model_inference', 'kv_cache', 'deep_tree_echo'])(
    '%s goes through every transition, by its own rules and by order',
    async (kind) => {
      const settings = DEFAULT_BREAKERS[kind];
      const { failureThreshold, successThreshold, openMs, failureWindowMs, enforce } = settings;
      const { breakers, tell, order, is } = breakerOf(kind);
      // What opens by its own rules is enforced where the kind is.
      const enforced = (...expected: string[]) => effects(...(enforce ? expected : []));
      const world = fleet.world(skippingCoordination(env), {}, breakers);
      await runWithWorkers(env, world, async () => {
        // Closed: failures age out, and only as many as the threshold open it.
        await tell({ failures: failureThreshold - 1 });
        const counts = (length: number) => ({ failuresAtMs: { length } });
        await is('closed', counts(failureThreshold - 1));
        await env.sleep(failureWindowMs + 1_000);
        await tell({ failures: 1 });
        await is('closed', counts(1));
        await tell({ failures: failureThreshold - 1 });
        const opened = await is('open', { failedTrials: 0, by: 'breaker' });
        expect(opened).toMatchObject({ untilMs: opened.sinceMs + openMs });
        await enforced('drain');

        // Open: nothing but time counts.
        await env.sleep(openMs / 2);
        await tell({ successes: 100 });
        await is('open', { epoch: opened.epoch });
        await env.sleep(openMs / 2 + 1_000);
        const trial = await is('half-open', { successes: 0 });
        expect(trial.sinceMs).toBeGreaterThanOrEqual(opened.sinceMs + openMs);
        await enforced('weight 10', 'ready');

        // Half-open: one failure opens it again, time alone does nothing, successes in a row close it.
        await tell({ failures: 1 });
        const again = await is('open', { failedTrials: 1, reason: 'the trial failed: 5xx' });
        expect(again).toMatchObject({ untilMs: again.sinceMs + openMs });
        await enforced('drain');
        await env.sleep(openMs + 1_000);
        await is('half-open', { failedTrials: 1 });
        await enforced('ready');
        await env.sleep(3 * openMs);
        await tell({ successes: successThreshold - 1 });
        await is('half-open', { successes: successThreshold - 1 });
        await tell({ successes: 1 });
        await is('closed');
        await enforced('weight 100');

        // Passed by luck: it opens again soon after, which is one more trial that failed.
        await tell({ failures: failureThreshold });
        await is('open', { failedTrials: 2 });
        await enforced('drain');
        await order('close');
        await is('closed', { failedTrials: 0, by: 'ada' });
        await enforced('ready');

        // By order each is enforced, of whatever kind.
        await expect(order('close')).rejects.toMatchObject({
          cause: { message: expect.stringContaining('closed already') as string },
        });
        await order('isolate', { reason: 'bad GPU' });
        await effects('drain');
        await env.sleep(3 * openMs);
        await tell({ successes: 100 });
        await tell({ failures: 100 });
        await is('isolated', { by: 'ada', reason: 'bad GPU' });
        await expect(order('open')).rejects.toMatchObject({
          cause: { message: expect.stringContaining('isolated by ada') as string },
        });
        await order('close');
        await effects('ready');
        await order('open', { forMs: 4 * openMs });
        const ordered = await is('open', { by: 'ada' });
        expect(ordered).toMatchObject({ untilMs: ordered.sinceMs + 4 * openMs });
        await env.sleep(2 * openMs);
        await is('open', { epoch: ordered.epoch });
        await effects('drain');
        await env.sleep(2 * openMs + 1_000);
        await is('half-open', { by: 'ada' });
        await effects('weight 10', 'ready');
        await order('isolate');
        await is('isolated');
        await effects('drain');
        await order('close');
        await is('closed');
        await effects('weight 100', 'ready');
      });
    },
    240_000,
  );
});
