import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import { updateMonitor } from '../../src/server/monitor-client.js';
import { LEASE_WORKFLOW_ID, type LeaseRequest } from '../../src/workflows/lease-messages.js';
import {
  MONITOR_WORKFLOW_ID,
  modeUpdate,
  monitorQuery,
  silenceUpdate,
} from '../../src/workflows/monitor-messages.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/**
 * Beyond 1,000 it goes on as a new run: the lease at its next look at the holders, 15 s later at the most, in
 * which so many asks as come here make up to twice as many again. It had been 4,000.
 */
const MOST_EVENTS = 3_500;
const PAUSE_MS = 300;

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv();
}, 120_000);
afterAll(() => env.teardown(), 120_000);

const withWorkers = <T>(run: () => Promise<T>) =>
  runWithWorkers(env, new FakeFleet().world(createCoordination(env.client)), run);
const runIdOf = async (workflowId: string) =>
  (await env.client.workflow.getHandle(workflowId).describe()).runId;

/** Does it again and again until the workflow has continued as new; the first run's history is replayed. */
async function untilContinued(workflowId: string, again: (n: number) => Promise<unknown>) {
  const first = await runIdOf(workflowId);
  for (let n = 0; (await runIdOf(workflowId)) === first; n += 1) await again(n);
  const history = await env.client.workflow.getHandle(workflowId, first).fetchHistory();
  expect(history.events?.length).toBeLessThan(MOST_EVENTS);
  await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId);
}

describe('a workflow that never ends goes on with a short history', () => {
  it('the lease, with who holds what', async () => {
    const coordination = createCoordination(env.client);
    await withWorkers(async () => {
      await coordination.ensureLease();
      await coordination.ensureMonitor();
      // The lease gives a target back whose holder has ended: this one lives.
      const holder = { holderId: MONITOR_WORKFLOW_ID, holderRunId: await runIdOf('monitor') };
      const ask = (requestId: string, replica: string) => {
        const request: LeaseRequest = {
          ...{ requestId, ...holder, severity: 'minor', target: { service: 'chat', replica } },
          purpose: { kind: 'recovery', procedure: 'latency_spike' },
          limits: { maxConcurrent: 100, maxTogether: 100, maxPerHour: 10_000, cooldownMs: 0 },
        };
        return coordination.askTurn(request);
      };
      await vi.waitFor(async () => expect(await ask('kept', 'e1')).toBeDefined(), 30_000);
      await untilContinued(LEASE_WORKFLOW_ID, async (n) => {
        await Promise.all(
          Array.from({ length: 8 }, async (_, i) => {
            await ask(`${n}:${i}`, `r${i}`);
            await coordination.giveTurn({ requestId: `${n}:${i}` });
          }),
        );
        await sleep(PAUSE_MS);
      });
      expect(await ask('other', 'e1')).toMatchObject({ granted: false });
      expect(await ask('free', 'e2')).toMatchObject({ granted: true });
      await coordination.giveTurn({ requestId: 'kept' });
      await vi.waitFor(
        async () => expect(await ask('other', 'e1')).toMatchObject({ granted: true }),
        { timeout: 30_000, interval: 200 },
      );
    });
  }, 300_000);

  it('the monitor, with what is silenced, and refuses no order meanwhile', async () => {
    // Repeats nothing: an order that is refused since the run is closing would have to be, a second later.
    const connection = await Connection.connect({ address: env.address, interceptors: [] });
    onTestFinished(() => connection.close());
    const client = new Client({ connection });
    await withWorkers(async () => {
      const silence = await updateMonitor(client, silenceUpdate, {
        matchers: [{ name: 'service', op: '=', value: 'chat' }],
        ...{ owner: 'ada', reason: 'known', forMs: 3_600_000 },
      });
      // The length is reached by an order's announcement or by the order: within three times by both.
      for (let run = 0; run < 3; run += 1) {
        await untilContinued(MONITOR_WORKFLOW_ID, (n) =>
          updateMonitor(client, modeUpdate, {
            ...{ mode: n % 2 === 0 ? 'high-alert' : 'auto', by: 'ada' },
          }),
        );
      }
      const { silences } = await env.client.workflow
        .getHandle(MONITOR_WORKFLOW_ID)
        .query(monitorQuery);
      expect(silences).toEqual([silence]);
    });
  }, 300_000);
});
