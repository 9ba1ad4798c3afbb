import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { RcaActivities } from '../../src/activities/contract.js';
import { createPostActivities } from '../../src/activities/post.js';
import { createRecoveryQueueActivities } from '../../src/activities/recovery-queue.js';
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
  const activities = createRecoveryQueueActivities(world);
  const recovery = await Worker.create({ ...shared, taskQueue: 'recovery', activities });
  const analysis = await Worker.create({
    ...shared,
    taskQueue: 'rca',
    activities: { ...RCA, ...createPostActivities(world) },
  });
  return analysis.runUntil(() => recovery.runUntil(run));
}
