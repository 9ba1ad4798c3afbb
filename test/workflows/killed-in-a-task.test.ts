import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import { createIncidentGate } from '../../src/compose/incident-gate.js';
import { incidentIdOf, RECOVERY_QUEUE } from '../../src/workflows/messages.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const VIOLATION = slowReplica();
const ID = incidentIdOf(VIOLATION.fingerprint);

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
beforeEach(async () => {
  fleet = new FakeFleet();
  fleet.latencyOf = (server) => (server.name === 'engine-2' && server.weight > 25 ? 600 : 110);
  fleet.note();
  env = await createDevServerEnv();
});
afterEach(() => env.teardown());

/** Takes the next task of the queue, and never answers it: what a worker is that is killed then. */
async function takeTaskAndDie(): Promise<void> {
  const { workflowService, connection, options } = env.client;
  const { workflowExecution } = await connection.withDeadline(Date.now() + 60_000, () =>
    workflowService.pollWorkflowTaskQueue({
      namespace: options.namespace,
      taskQueue: { name: RECOVERY_QUEUE },
      identity: 'killed',
    }),
  );
  expect(workflowExecution?.workflowId).toBe(ID);
}

async function eventsOf(workflowId: string) {
  const { events } = await env.client.workflow.getHandle(workflowId).fetchHistory();
  return events ?? [];
}

describe('a worker that is killed in the middle of a task', () => {
  it('costs an incident 5 s, and a recovery no more', async () => {
    const gate = createIncidentGate(() => env.client, '');
    await Promise.all([takeTaskAndDie(), gate.observe(VIOLATION, undefined)]);
    await runWithWorkers(env, fleet.world(createCoordination(env.client), {}), async () => {
      await vi.waitFor(() => expect(fleet.effects).toEqual(['engine-2 weight 5']), {
        ...{ timeout: 60_000, interval: 50 },
      });
      const began = await eventsOf(ID);
      const takenAt = began.findIndex(({ workflowTaskStartedEventAttributes: task }) =>
        Boolean(task),
      );
      expect(began[takenAt]?.workflowTaskStartedEventAttributes?.identity).toBe('killed');
      const secondsOf = (index: number) => Number(began[index]?.eventTime?.seconds);
      // The next event is the end of the wait for the dead worker's answer.
      expect(began[takenAt + 1]?.workflowTaskTimedOutEventAttributes).toBeTruthy();
      expect(secondsOf(takenAt + 1) - secondsOf(takenAt)).toBeOneOf([5, 6]);
      const [started] = await eventsOf(`recovery:${ID}:1`);
      expect(
        Number(started?.workflowExecutionStartedEventAttributes?.workflowTaskTimeout?.seconds),
      ).toBe(5);
      for (const id of [`recovery:${ID}:1`, ID]) {
        await env.client.workflow.getHandle(id).terminate('seen');
      }
    });
  });
});
