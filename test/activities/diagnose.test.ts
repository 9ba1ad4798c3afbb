import { setImmediate as nextTurn } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import { analyseFrom } from '../../src/activities/analysis.js';
import { createRcaActivities } from '../../src/activities/diagnose.js';
import type { RcaAsk } from '../../src/workflows/rca-messages.js';
import { slowReplica } from '../workflows/fake-world.js';
import { analysisWorld, ONSET_MS } from './analysis-world.js';

it('counts the analysis of an incident once, however often its report is made anew', async () => {
  const archive = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => archive.close());
  const world = analysisWorld(archive);
  const counted: number[] = [];
  const activities = createRcaActivities(
    world,
    (ask, onProgress) => analyseFrom(world.history, ask, onProgress, nextTurn),
    (_, elapsedMs) => counted.push(elapsedMs),
  );
  const violation = slowReplica({ startedAtMs: ONSET_MS, detectedAtMs: ONSET_MS + 60_000 });
  const ask = (incidentRunId: string): RcaAsk => ({
    ...{ incidentId: 'incident:chat:engine-2:request_latency_p95', incidentRunId, violation },
    ...{ openedAtMs: ONSET_MS + 60_000, steps: [], outcome: 'recovered' },
  });
  const analyse = (incidentRunId: string) =>
    new MockActivityEnvironment().run(() => activities.analyseIncident(ask(incidentRunId)));
  for (const run of ['run-1', 'run-1', 'run-2']) await analyse(run);
  expect(counted).toHaveLength(2);
  // As many as the archive has, from which the counter goes on after a restart.
  expect((await archive.statistics(0)).reports).toBe(2);
});
