import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { recordHistories } from './record-histories.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv();
}, 120_000);
afterAll(async () => {
  await recordHistories(env, 'heartbeat');
  await env.teardown();
}, 120_000);

it('beats as often as it is told, and ends when there is no heartbeat any more', async () => {
  const { nativeConnection: connection, client } = env;
  const answers = [{ nextAfterMs: 20 }, { nextAfterMs: 20 }, { nextAfterMs: undefined }];
  let beats = 0;
  const workflows = await Worker.create({
    ...{ connection, taskQueue: 'recovery', workflowBundle: workflowBundle() },
  });
  const switches = await Worker.create({
    ...{ connection, taskQueue: 'notify' },
    activities: { beat: () => Promise.resolve(answers[beats++]) },
  });
  await switches.runUntil(() =>
    workflows.runUntil(
      client.workflow.execute('heartbeat', { workflowId: 'heartbeat', taskQueue: 'recovery' }),
    ),
  );
  expect(beats).toBe(3);
}, 60_000);
