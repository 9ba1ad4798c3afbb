import { once } from 'node:events';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished, vi } from 'vitest';
import { analyseFrom } from '../../src/activities/analysis.js';
import { createRcaActivities } from '../../src/activities/diagnose.js';
import { libsqlArchive } from '../../src/adapters/archive/libsql.js';
import {
  recoveryEndedSignal,
  type RcaInput,
  type RcaResult,
} from '../../src/workflows/rca-messages.js';
import { bundleProgram } from '../adapters/archive/child-process.js';
import { scratchFolder } from '../support/scratch.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { slowReplica } from '../workflows/fake-world.js';
import { analysisWorld, ONSET_MS, type AnalysisWorkerSettings } from './analysis-world.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
// The server takes a dead analysis for dead after 20 s without a heartbeat.
vi.setConfig({ testTimeout: 240_000 });

const violation = slowReplica({ startedAtMs: ONSET_MS, detectedAtMs: ONSET_MS + 60_000 });
const input: RcaInput = {
  incidentId: 'incident:chat:engine-2:request_latency_p95',
  incidentRunId: 'run-1',
  violation,
  openedAtMs: ONSET_MS + 60_000,
};

it('is done by another worker when the first is killed in the middle, and filed once', async () => {
  const env = await createDevServerEnv();
  onTestFinished(() => env.teardown());
  const archivePath = path.join(scratchFolder(), 'archive.db');
  const program = await bundleProgram('test/activities/analysis-worker-process.ts');
  onTestFinished(() => program.dispose());
  const settings: AnalysisWorkerSettings = { address: env.address, archivePath };
  const victim = program.start(JSON.stringify(settings));
  onTestFinished(() => void victim.kill('SIGKILL'));
  await once(victim.stdout!, 'data');

  const shared = { connection: env.nativeConnection, taskQueue: 'rca' };
  const workflows = await Worker.create({ ...shared, workflowBundle: workflowBundle() });
  await workflows.runUntil(async () => {
    const handle = await env.client.workflow.start<(given: RcaInput) => Promise<RcaResult>>(
      'rootCauseAnalysis',
      { workflowId: 'rca:run-1', taskQueue: 'rca', args: [input] },
    );
    await handle.signal(recoveryEndedSignal, { steps: [], outcome: 'recovered' });
    const [, signal] = (await once(victim, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const archive = await libsqlArchive.create({ kind: 'libsql', path: archivePath });
    onTestFinished(() => archive.close());
    expect(await archive.report(input.incidentId, 'run-1')).toBeUndefined();

    const world = analysisWorld(archive);
    const analyse = (...[ask, onProgress]: Parameters<Parameters<typeof createRcaActivities>[1]>) =>
      analyseFrom(world.history, ask, onProgress, nextTurn);
    const survivor = await Worker.create({
      ...shared,
      activities: createRcaActivities(world, analyse, () => undefined),
    });
    const result = await survivor.runUntil(() => handle.result());
    expect(result.probableCause).toContain('engine-2');
    const { items } = await archive.reports({ service: 'chat', limit: 10 });
    expect(items.map(({ id }) => id)).toEqual(['report:run-1']);
  });
});
