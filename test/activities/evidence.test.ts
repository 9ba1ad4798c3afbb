import { expect, it, onTestFinished } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import { gather } from '../../src/activities/evidence.js';
import { slowReplica } from '../workflows/fake-world.js';
import { analysisWorld, ONSET_MS } from './analysis-world.js';

const SERVICE_WIDE = 'incident:chat:*:request_latency_p95';

it('says of what another recovery put back whose it is: it explains no other replica', async () => {
  const archive = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => archive.close());
  const atMs = ONSET_MS - 120_000;
  const lines = [
    ['changed', 'load_balancer_adjust: weight of engines/engine-1 100 → 20'],
    ['rolled-back', 'load_balancer_adjust: weight of engines/engine-1 20 → 100'],
    ['rolled-back', 'everything was undone'],
  ] as const;
  await archive.putIncident({
    ...{ id: SERVICE_WIDE, runId: 'run-0', state: 'resolved', outcome: 'rolled-back' },
    ...{ openedAtMs: atMs - 1_000, resolvedAtMs: atMs + 60_000, procedure: 'latency_spike' },
    ...{ probableCause: undefined, service: 'chat', replica: undefined, revision: 1 },
    ...{ threshold: 'request_latency_p95', metric: 'request_latency_p95', value: 900 },
    ...{ violationType: 'latency_breach', severity: 'critical', limit: 250, unit: 'ms' },
  });
  await archive.putTimeline(
    lines.map(([stage, text], sequence) => ({
      ...{ incidentId: SERVICE_WIDE, runId: 'run-0', atMs: atMs + sequence, sequence, stage, text },
    })),
  );
  const violation = slowReplica({ startedAtMs: ONSET_MS, detectedAtMs: ONSET_MS + 60_000 });
  const { evidence } = await gather(
    analysisWorld(archive),
    {
      ...{ incidentId: 'incident:chat:engine-2:request_latency_p95', incidentRunId: 'run-1' },
      ...{ violation, openedAtMs: ONSET_MS + 60_000, steps: [], outcome: 'none' },
    },
    ONSET_MS + 60_000,
  );
  expect(evidence.interventions.map(({ replica, summary }) => [replica, summary])).toEqual([
    [undefined, `a recovery: ${lines[0][1]}`],
    ['engine-1', `a recovery: ${lines[1][1]}`],
  ]);
});
