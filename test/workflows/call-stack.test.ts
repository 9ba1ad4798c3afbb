import { afterAll, beforeAll, expect, it } from 'vitest';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createCoordination } from '../../src/compose/coordination.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await createDevServerEnv();
}, 120_000);
afterAll(() => env.teardown(), 120_000);

it('of a workflow is empty: no time was spent on stacks of its promises', async () => {
  const coordination = createCoordination(env.client);
  await runWithWorkers(env, new FakeFleet().world(coordination), async () => {
    await coordination.ensureLease();
    // It waits for asks, with several promises.
    expect(await env.client.workflow.getHandle('lease').query('__stack_trace')).toBe('');
  });
}, 60_000);
