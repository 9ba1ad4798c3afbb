import path from 'node:path';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { RcaActivities } from '../src/activities/contract.js';
import { createPostActivities } from '../src/activities/post.js';
import { createRecoveryQueueActivities } from '../src/activities/recovery-queue.js';
import { provisionTemporal } from '../src/adapters/temporal/binary.js';
import { flagsOf, PROMPT_SERVER } from '../src/adapters/temporal/dev-server.js';
import { ensureSearchAttributes } from '../src/adapters/temporal/search-attributes.js';
import { createCoordination } from '../src/compose/coordination.js';
import { WORKER_TUNING } from '../src/compose/worker-tuning.js';
import type { RecoveryPolicy } from '../src/domain/recovery/policy.js';
import { RECOVERY_QUEUE, SEARCH_ATTRIBUTES } from '../src/workflows/messages.js';
import { RCA_QUEUE } from '../src/workflows/rca-messages.js';
import { BenchFleet } from './bench-fleet.js';

const BUNDLE = path.resolve(import.meta.dirname, '../workflow-bundle.js');

/** What a durable bench runs on: one server, the product's workers, and one for bare workflows. */
export interface DurableBench {
  readonly env: TestWorkflowEnvironment;
  readonly fleet: BenchFleet;
  /** Called with the id of each bare workflow at its activity's first line. */
  onBareEffect: (id: string) => void;
}

const RCA: RcaActivities = {
  captureEvidence: () => Promise.resolve(),
  analyseIncident: () =>
    Promise.resolve({ reportId: 'r', probableCause: 'bench', isConfident: true }),
};

/**
 * Runs on a real server of its own, in memory, with the workers that the product has: its workflows
 * and activities over a fleet in memory, so that what is measured is what durability costs.
 */
export async function onDurableServer<T>(
  run: (bench: DurableBench) => Promise<T>,
  policy: Partial<RecoveryPolicy> = {},
): Promise<T> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { path: executable } = await provisionTemporal();
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: executable },
      extraArgs: [...PROMPT_SERVER, ...flagsOf(SEARCH_ATTRIBUTES)],
    },
  });
  try {
    await ensureSearchAttributes(env.connection, 'default', SEARCH_ATTRIBUTES);
    const fleet = new BenchFleet();
    const bench: DurableBench = { env, fleet, onBareEffect: () => undefined };
    const server = { connection: env.nativeConnection, namespace: env.namespace ?? 'default' };
    // The worker's own client, as the product's has it: over the workers' connection.
    const world = fleet.world(createCoordination(new Client(server)), policy);
    const shared = { ...server, ...WORKER_TUNING };
    const product = { ...shared, workflowBundle: { codePath: BUNDLE } };
    const bundle = await bundleWorkflowCode({
      workflowsPath: path.resolve(import.meta.dirname, 'bare-workflows.js'),
      logger: new DefaultLogger('ERROR'),
    });
    const workers = await Promise.all([
      Worker.create({
        ...product,
        taskQueue: RECOVERY_QUEUE,
        activities: createRecoveryQueueActivities(world),
      }),
      Worker.create({
        ...product,
        taskQueue: RCA_QUEUE,
        activities: { ...RCA, ...createPostActivities(world) },
      }),
      Worker.create({
        ...shared,
        workflowBundle: bundle,
        taskQueue: 'bare',
        activities: {
          bareEffect: (id: string) => {
            bench.onBareEffect(id);
            return Promise.resolve();
          },
          bareStep: () => Promise.resolve(),
        },
      }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    try {
      await world.coordination.ensureLease();
      return await run(bench);
    } finally {
      // A signal from outside may have stopped them before.
      const alive = workers.filter((worker) => worker.getState() === 'RUNNING');
      for (const worker of alive) worker.shutdown();
      await running;
    }
  } finally {
    await env.teardown();
  }
}
