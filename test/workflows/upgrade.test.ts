import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
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
vi.setConfig({ testTimeout: 240_000 });

/** The workflows of this release, changed as that file of `next-release/` says. */
async function nextRelease(change: 'patched' | 'unpatched'): Promise<{ code: string }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.resolve(import.meta.dirname, '../../dist/src/workflows/index.js'),
    workflowInterceptorModules: [path.resolve(import.meta.dirname, `next-release/${change}.ts`)],
    logger: new DefaultLogger('ERROR'),
  });
  return { code };
}

it('goes on in the middle of a recovery with the workers of a next release', async () => {
  const env = await createDevServerEnv();
  onTestFinished(() => env.teardown());
  const fleet = new FakeFleet();
  fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 25 ? 600 : 110);
  fleet.note();
  const world = fleet.world(createCoordination(env.client));
  const violation = slowReplica();
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  const start = () =>
    env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
      workflowId: incidentIdOf(violation.fingerprint),
      taskQueue: 'recovery',
      args: [input],
    });

  // This release acts, and its workers end while the effect is still to be judged.
  let wasActedOn: () => void = () => undefined;
  const acted = new Promise<void>((resolve) => (wasActedOn = resolve));
  fleet.afterEffect = () => {
    wasActedOn();
    return Promise.resolve();
  };
  const handle = await runWithWorkers(env, world, async () => {
    const started = await start();
    await acted;
    return started;
  });
  expect(fleet.effects).toEqual(['engine-2 weight 5']);
  expect((await handle.describe()).status.name).toBe('RUNNING');

  const { code } = await nextRelease('patched');
  await runWithWorkers(
    env,
    world,
    async () => {
      await vi.waitFor(
        async () => expect((await handle.query(stateQuery)).outcome).toBe('recovered'),
        { timeout: 120_000, interval: 100 },
      );
      fleet.latencyOf = () => 110;
      fleet.note();
      await handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'back inside' });
      expect(await handle.result()).toMatchObject({ outcome: 'recovered' });
    },
    { workflowBundle: { code } },
  );
  expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);

  // Without `patched` the same change does not fit what this release began: the test would see it.
  const history = await handle.fetchHistory();
  const breaking = await nextRelease('unpatched');
  await expect(
    Worker.runReplayHistory({ workflowBundle: breaking }, history, handle.workflowId),
  ).rejects.toThrow(/[Nn]ondeterminism|mismatch/);
});
