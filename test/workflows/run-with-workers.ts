import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createAlertActivities } from '../../src/activities/alerts.js';
import type { RcaActivities } from '../../src/activities/contract.js';
import { createBreakerActivities } from '../../src/activities/breaker.js';
import { createPostActivities } from '../../src/activities/post.js';
import { createRecoveryActivities } from '../../src/activities/recovery.js';
import type { World } from '../../src/activities/world.js';
import { workflowBundle } from '../support/temporal.js';

/** An analysis that always says the same: these tests are about recoveries. */
const RCA: RcaActivities = {
  captureEvidence: () => Promise.resolve(),
  analyseIncident: () =>
    Promise.resolve({ reportId: 'r', probableCause: 'engine-2 is slow', isConfident: true }),
};

/**
 * Runs with a worker of each queue around it, its activities those of the product over that world. `other`
 * is what is not usual of the workers.
 */
export async function runWithWorkers<T>(
  env: TestWorkflowEnvironment,
  world: World,
  run: () => Promise<T>,
  other: Partial<WorkerOptions> = {},
): Promise<T> {
  const shared = {
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    workflowBundle: workflowBundle(),
    maxHeartbeatThrottleInterval: '100ms',
    stickyQueueScheduleToStartTimeout: '1s',
    ...other,
  } as const;
  const post = createPostActivities(world);
  const activities = {
    ...createRecoveryActivities(world),
    ...createBreakerActivities(world),
    ...createAlertActivities(world),
    ...post,
  };
  const recovery = await Worker.create({ ...shared, taskQueue: 'recovery', activities });
  const analysis = await Worker.create({
    ...shared,
    taskQueue: 'rca',
    activities: { ...RCA, ...post },
  });
  return analysis.runUntil(() => recovery.runUntil(run));
}
