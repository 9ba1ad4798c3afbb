import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createAlertActivities } from '../../src/activities/alerts.js';
import type { RcaActivities } from '../../src/activities/contract.js';
import { createBreakerActivities } from '../../src/activities/breaker.js';
import { createRecoveryActivities } from '../../src/activities/recovery.js';
import type { World } from '../../src/activities/world.js';
import type { DataConverter } from '@temporalio/common';
import { workflowBundle } from '../support/temporal.js';

/** An analysis that always says the same: these tests are about recoveries. */
export const RCA: RcaActivities = {
  captureEvidence: () => Promise.resolve(),
  analyseIncident: () =>
    Promise.resolve({ reportId: 'r', probableCause: 'engine-2 is slow', isConfident: true }),
};

/** A bundle that is not this release's own, with the converter that it needs. */
type OtherWorkflows = ({ readonly codePath: string } | { readonly code: string }) & {
  readonly dataConverter?: DataConverter;
};

/** Runs with a worker of each queue around it, its activities those of the product over that world. */
export async function runWithWorkers<T>(
  env: TestWorkflowEnvironment,
  world: World,
  run: () => Promise<T>,
  other?: OtherWorkflows,
): Promise<T> {
  const shared = {
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    workflowBundle: other ?? workflowBundle(),
    ...(other?.dataConverter === undefined ? {} : { dataConverter: other.dataConverter }),
    maxHeartbeatThrottleInterval: '100ms',
    stickyQueueScheduleToStartTimeout: '1s',
  };
  const activities = {
    ...createRecoveryActivities(world),
    ...createBreakerActivities(world),
    ...createAlertActivities(world),
  };
  const recovery = await Worker.create({ ...shared, taskQueue: 'recovery', activities });
  const analysis = await Worker.create({ ...shared, taskQueue: 'rca', activities: { ...RCA } });
  return analysis.runUntil(() => recovery.runUntil(run));
}
