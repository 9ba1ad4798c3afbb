import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPostActivities } from '../../src/activities/post.js';
import { createCoordination } from '../../src/compose/coordination.js';
import type { RcaActivities } from '../../src/activities/contract.js';
import type { StepReport } from '../../src/workflows/messages.js';
import {
  rcaProgressQuery,
  recoveryEndedSignal,
  type RcaAsk,
  type RcaInput,
  type RcaResult,
} from '../../src/workflows/rca-messages.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { slowReplica } from './fake-world.js';
import { recordHistories } from './record-histories.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const WITHIN = { timeout: 30_000, interval: 50 };
/** Of no incident there is: signals to it arrive nowhere, as when it was ended from outside. */
const RUN_ID = '00000000-0000-4000-8000-000000000001';
const STEP: StepReport = {
  ...{ id: '2-load_balancer_adjust', action: 'load_balancer_adjust' },
  target: { service: 'chat', replica: 'engine-2' },
  ...{ state: 'recovered', line: 'weight 100 → 10' },
  ...{ startedAtMs: 1, endedAtMs: 2, before: 600, after: 110 },
};

let env: TestWorkflowEnvironment;
let asks: RcaAsk[];
let capture: RcaActivities['captureEvidence'];
beforeAll(async () => {
  env = await createDevServerEnv();
}, 120_000);
afterAll(async () => {
  await recordHistories(env, 'analysis');
  await env.teardown();
}, 120_000);
beforeEach(() => {
  asks = [];
  capture = () => Promise.resolve();
});

async function analysed(id: string, run: (handle: Handle) => Promise<RcaResult>) {
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, taskQueue: 'rca', workflowBundle: workflowBundle() },
    activities: {
      captureEvidence: (ask: Parameters<RcaActivities['captureEvidence']>[0]) => capture(ask),
      analyseIncident: (ask: RcaAsk) => {
        asks.push(ask);
        const probableCause = ask.steps.length === 0 ? 'engine-2 is slow' : 'engine-2 was slow';
        return Promise.resolve({ reportId: 'r', probableCause, isConfident: true });
      },
      ...createPostActivities({ coordination: createCoordination(env.client) }),
    },
  });
  return worker.runUntil(async () => run(await start(id)));
}

type Handle = Awaited<ReturnType<typeof start>>;

function start(id: string) {
  const violation = slowReplica();
  return env.client.workflow.start<(given: RcaInput) => Promise<RcaResult>>('rootCauseAnalysis', {
    ...{ workflowId: id, taskQueue: 'rca' },
    args: [{ incidentId: 'incident:x', incidentRunId: RUN_ID, violation, openedAtMs: 1 }],
  });
}

const untilReported = (handle: Handle) =>
  vi.waitFor(
    async () => expect(await handle.query(rcaProgressQuery)).toContain('waiting for what'),
    WITHIN,
  );

describe('an analysis', () => {
  it('reports as soon as the incident opens, and anew with what the recovery changed', async () => {
    const result = await analysed('early', async (handle) => {
      await untilReported(handle);
      expect(asks).toMatchObject([{ steps: [], outcome: 'none' }]);
      expect(await handle.query(rcaProgressQuery)).toContain('so far confident: engine-2 is slow');
      await handle.signal(recoveryEndedSignal, { steps: [STEP], outcome: 'recovered' });
      return handle.result();
    });
    expect(result.probableCause).toBe('engine-2 was slow');
    expect(asks).toMatchObject([{}, { steps: [STEP], outcome: 'recovered' }]);
  }, 60_000);

  it('lets its first report stand where the recovery changed nothing', async () => {
    await analysed('unchanged', async (handle) => {
      await untilReported(handle);
      const planned = { ...STEP, state: 'planned', startedAtMs: undefined } as const;
      await handle.signal(recoveryEndedSignal, { steps: [planned], outcome: 'superseded' });
      return handle.result();
    });
    expect(asks).toHaveLength(1);
  }, 60_000);

  it('ends with what it knows when its incident is ended from outside', async () => {
    const result = await analysed('cancelled', async (handle) => {
      await untilReported(handle);
      await handle.cancel();
      return handle.result();
    });
    expect(result.probableCause).toBe('engine-2 is slow');
    expect(asks).toHaveLength(1);
  }, 60_000);

  it('is made without the evidence that could not be taken', async () => {
    capture = () => Promise.reject(ApplicationFailure.nonRetryable('the archive is full'));
    const result = await analysed('blind', async (handle) => {
      await untilReported(handle);
      expect(await handle.query(rcaProgressQuery)).toContain('not taken: the archive is full');
      await handle.signal(recoveryEndedSignal, { steps: [], outcome: 'none' });
      return handle.result();
    });
    expect(result.reportId).toBe('r');
  }, 60_000);
});
