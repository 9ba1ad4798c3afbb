import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import { leaseHoldersQuery } from '../../src/workflows/lease-messages.js';
import {
  incidentIdOf,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
} from '../../src/workflows/messages.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let env: TestWorkflowEnvironment;
beforeEach(async () => {
  env = await createDevServerEnv();
});
afterEach(async () => {
  await env.teardown();
});

const REPLICAS = Array.from({ length: 10 }, (_, i) => `engine-${i + 1}`);
const THRESHOLDS = ['a', 'b', 'c', 'd', 'e'];

function violations() {
  return REPLICAS.flatMap((replica) =>
    THRESHOLDS.map((threshold) => {
      const fingerprint = `chat:${replica}:${threshold}`;
      return slowReplica({ fingerprint, replica, threshold, severity: 'major' });
    }),
  );
}

it('settles 50 violations of one service within every limit', async () => {
  const fleet = new FakeFleet(REPLICAS);
  fleet.latencyOf = (s) => (s.weight > 25 && s.admin === 'ready' ? 600 : 110);
  fleet.note();
  // Checked at each effect: half of the replicas must stay in full service.
  let leastFull = REPLICAS.length;
  fleet.afterEffect = () => {
    const full = [...fleet.servers.values()].filter((s) => s.admin === 'ready' && s.weight > 50);
    leastFull = Math.min(leastFull, full.length);
    return Promise.resolve();
  };
  const policy = { maxConcurrent: 3, stormAbove: 100, maxSharePercent: 50, minHealthyReplicas: 2 };
  const world = fleet.world(createCoordination(env.client), policy);
  await runWithWorkers(env, world, async () => {
    await world.coordination.ensureLease();
    const handles = await Promise.all(
      violations().map((violation) => {
        const input: IncidentInput = {
          violation,
          source: 'detector',
          uiBase: '',
          evidence: undefined,
        };
        return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>(
          'incident',
          {
            workflowId: incidentIdOf(violation.fingerprint),
            taskQueue: 'recovery',
            args: [input],
          },
        );
      }),
    );
    // As the detector would: what is inside its limit again resolves; the rest is told to be over at the end.
    const open = new Set(handles);
    const endAtMs = Date.now() + 60_000;
    while (open.size > 0) {
      const all = await env.client.workflow.getHandle('lease').query(leaseHoldersQuery);
      const held = all.held.filter((h) => h.purpose.kind !== 'capacity');
      expect(held.length).toBeLessThanOrEqual(3);
      const targets = held.map((h) => h.target.replica);
      expect(new Set(targets).size).toBe(targets.length);
      for (const handle of open) {
        const view = await handle.query(stateQuery);
        const isCured = (fleet.servers.get(view.violation.replica ?? '')?.weight ?? 100) <= 25;
        const isDone = view.state === 'escalated' || view.outcome === 'recovered' || isCured;
        if (!isDone && Date.now() < endAtMs) continue;
        await handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'inside' });
        open.delete(handle);
      }
    }
    fleet.latencyOf = () => 110;
    fleet.note();
    const results = await Promise.all(handles.map((handle) => handle.result()));
    const outcomes = new Set(results.map((r) => r.outcome));
    expect(
      [...outcomes].filter((o) => !['recovered', 'superseded', 'rolled-back'].includes(o)),
    ).toEqual([]);
    expect(results.filter((r) => r.outcome === 'recovered').length).toBeGreaterThanOrEqual(5);
    const { held, waiting } = await env.client.workflow.getHandle('lease').query(leaseHoldersQuery);
    expect([held, waiting]).toEqual([[], []]);
  });
  expect(leastFull).toBeGreaterThanOrEqual(5);
  // What is still in force was tried without, and said to be kept.
  for (const { name, weight, admin } of fleet.servers.values()) {
    if (weight === 100 && admin === 'ready') continue;
    const kept = fleet.lines.filter(
      (l) => l.stage === 'kept' && l.incidentId.includes(`:${name}:`),
    );
    expect(kept).not.toEqual([]);
  }
}, 180_000);
