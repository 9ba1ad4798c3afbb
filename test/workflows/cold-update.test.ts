import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBreakers } from '../../src/compose/breakers.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { configSchema } from '../../src/config/schema.js';
import { breakerWorkflowId } from '../../src/workflows/breaker-messages.js';
import {
  acquireLeaseUpdate,
  LEASE_WORKFLOW_ID,
  type LeaseRequest,
} from '../../src/workflows/lease-messages.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { recordHistories } from './record-histories.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const { breakers: CONFIG } = configSchema.parse({});
/** A busy machine takes its time. */
const WITHIN = { timeout: 30_000, interval: 100 };
const LIMITS = { maxConcurrent: 3, maxTogether: 1, maxPerHour: 20, cooldownMs: 0 };

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv();
}, 120_000);
afterAll(async () => {
  await recordHistories(env, 'cold update');
  await env.teardown();
}, 120_000);

const coordination = () => createCoordination(env.client);
const breakers = () => createBreakers(() => env.client, { breakers: CONFIG });
/** A worker that knows no workflow yet: each run of it replays what it is asked for. */
const withNewWorker = <T>(run: () => Promise<T>) =>
  runWithWorkers(env, new FakeFleet().world(coordination(), {}, breakers()), run);

const isGiven = (value: unknown) => value !== null && value !== undefined;

/** Names of its events so far, without what each begins with. */
async function eventsOf(workflowId: string): Promise<string[]> {
  const { events } = await env.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).map((event) =>
    Object.keys(event)
      .filter((key) => key.endsWith('EventAttributes') && isGiven(event[key as keyof typeof event]))
      .join()
      .replace('EventAttributes', ''),
  );
}

/** Waits until the history ends with these events. */
const endsWith = (workflowId: string, last: readonly string[]) =>
  vi.waitFor(
    async () => expect((await eventsOf(workflowId)).slice(-last.length)).toEqual(last),
    WITHIN,
  );

async function replay(workflowId: string): Promise<void> {
  const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
  await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId);
}

const TASK = ['workflowTaskScheduled', 'workflowTaskStarted', 'workflowTaskCompleted'];

describe('an update that a worker handles which has just taken over', () => {
  const request = (requestId: string, replica: string): LeaseRequest => ({
    ...{ requestId, holderId: 'incident:gone', holderRunId: 'gone', severity: 'critical' },
    ...{ target: { service: 'chat', replica }, limits: LIMITS },
    purpose: { kind: 'recovery', procedure: 'latency_spike' },
  });

  it('may come to the lease right after a timer that found nobody to look up', async () => {
    const asking = coordination();
    await withNewWorker(async () => {
      // Where it does not run yet it is started, and the answer may then come by signal.
      await asking.ensureLease();
      await vi.waitFor(
        async () => expect(await asking.askTurn(request('1', 'engine-1'))).toBeDefined(),
        WITHIN,
      );
      await asking.giveTurn({ requestId: '1' });
      await endsWith(LEASE_WORKFLOW_ID, ['timerFired', ...TASK, 'workflowPropertiesModified']);
    });
    // Two at once, there before the worker is.
    const asks = ['2', '3'].map((id) =>
      env.client.workflow
        .getHandle(LEASE_WORKFLOW_ID)
        .executeUpdate(acquireLeaseUpdate, { args: [request(id, `engine-${id}`)] }),
    );
    await withNewWorker(async () => {
      const granted = (await Promise.all(asks)).filter((answer) => answer.granted);
      expect(granted).toHaveLength(1);
    });
    const accepted = (await eventsOf(LEASE_WORKFLOW_ID)).filter(
      (name) => name === 'workflowExecutionUpdateAccepted',
    );
    expect(accepted).toHaveLength(3);
    await replay(LEASE_WORKFLOW_ID);
    // A third one goes on with it: who is gone is found out, and the next has the target.
    await withNewWorker(async () => {
      await vi.waitFor(
        async () => {
          expect(await asking.askTurn(request('4', 'engine-2'))).toMatchObject({ granted: true });
        },
        { timeout: 60_000, interval: 500 },
      );
    });
    await replay(LEASE_WORKFLOW_ID);
  }, 180_000);

  it('may be an ask of the lease beside what is given back, whichever comes first', async () => {
    const asking = coordination();
    const limits = { ...LIMITS, maxConcurrent: 100, maxPerHour: 1_000 };
    await withNewWorker(async () => {
      await asking.ensureLease();
      await Promise.all(
        Array.from({ length: 8 }, async (_, target) => {
          for (let round = 0; round < 8; round++) {
            await Promise.all([
              asking.giveTurn({ requestId: `${target}:${round}` }),
              asking.askTurn({ ...request(`${target}:${round + 1}`, `r${target}`), limits }),
            ]);
          }
        }),
      );
    });
    await replay(LEASE_WORKFLOW_ID);
  }, 180_000);

  it('is announced to a breaker, and so never handled with what was before', async () => {
    const target = { service: 'chat', replica: 'engine-2' };
    const id = breakerWorkflowId(target);
    const seen = {
      kind: 'aphrodite_engine',
      failures: 0,
      successes: 1,
      detail: '',
      atMs: 0,
    } as const;
    await withNewWorker(async () => {
      await breakers().tell(target, seen);
      await vi.waitFor(
        async () => expect(await eventsOf(id)).toContain('workflowTaskCompleted'),
        WITHIN,
      );
      await breakers().tell(target, seen);
      await endsWith(id, ['workflowExecutionSignaled', ...TASK]);
    });
    const before = (await eventsOf(id)).length;
    await withNewWorker(async () => {
      expect(await breakers().order(target, 'open', { by: 'ada' })).toContain('is open');
    });
    const after = (await eventsOf(id)).slice(before);
    expect(after[0]).toBe('workflowExecutionSignaled');
    expect(after).toContain('workflowExecutionUpdateAccepted');
    await replay(id);
  }, 120_000);
});
