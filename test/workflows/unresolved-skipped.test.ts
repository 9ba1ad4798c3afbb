import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  incidentIdOf,
  observedSignal,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
  type IncidentView,
} from '../../src/workflows/messages.js';
import { abortSignal } from '../../src/workflows/operator-messages.js';
import { createTimeSkippingEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';
import { followServerTime, skippingCoordination, skipUntil, tellingTime } from './skipped-time.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
const restarts = () => fleet.restartsOf('engine-2');

/** Engine-2 is slow whatever its load, until it is restarted: a drain helps its service, not itself. */
beforeEach(async () => {
  fleet = new FakeFleet();
  fleet.latencyOf = (s) => (s.name === 'engine-2' && restarts() === 0 ? 600 : 110);
  fleet.note();
  fleet.letRestart(() => fleet.note());
  env = await createTimeSkippingEnv();
}, 120_000);
afterEach(() => env.teardown());

type Handle = Awaited<ReturnType<typeof start>>;

function start(severity: 'major' | 'critical') {
  const violation = slowReplica({ severity });
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}

/** Skips time until the incident looks like that. */
async function until(handle: Handle, is: (view: IncidentView) => boolean): Promise<IncidentView> {
  let view = await handle.query(stateQuery);
  let isSo = is(view);
  const looking = setInterval(() => {
    handle.query(stateQuery).then(
      (seen) => {
        view = seen;
        isSo ||= is(seen);
      },
      () => undefined,
    );
  }, 50);
  try {
    await skipUntil(env, () => isSo);
  } finally {
    clearInterval(looking);
  }
  return view;
}

async function live(run: () => Promise<void>): Promise<void> {
  const tellTime = followServerTime();
  tellTime(await env.currentTimeMs());
  await runWithWorkers(env, fleet.world(skippingCoordination(env)), run, tellingTime(tellTime));
}

const resolve = (handle: Handle) =>
  handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'back inside' });

const stages = (view: IncidentView) => view.timeline.map(({ stage }) => stage);

describe('a violation that goes on after its recovery was verified', () => {
  it('has the next procedure, which ends it; what was in force is released', async () => {
    await live(async () => {
      const handle = await start('critical');
      const drained = await until(handle, ({ state }) => state === 'verifying');
      expect(drained).toMatchObject({ procedure: 'latency_spike', outcome: 'recovered' });
      expect(fleet.servers.get('engine-2')?.admin).toBe('drain');
      const restarted = await until(handle, () => restarts() > 0);
      expect(stages(restarted)).toContain('unresolved');
      await until(handle, ({ state }) => state === 'verifying');
      await resolve(handle);
      expect(await handle.result()).toMatchObject({
        outcome: 'recovered',
        procedure: 'critical_system',
      });
    });
    expect(restarts()).toBe(1);
    expect(fleet.servers.get('engine-2')).toMatchObject({ admin: 'ready', weight: 100 });
  });

  it('is a person’s where no procedure is left, and is taken up again when it gets graver', async () => {
    await live(async () => {
      const handle = await start('major');
      await until(handle, ({ outcome }) => outcome === 'recovered');
      const handed = await until(handle, ({ state }) => state === 'escalated');
      expect(handed.outcome).toBe('recovered');
      expect(handed.why).toBe('major is below the least severity of critical_system (critical)');
      expect(restarts()).toBe(0);
      const { violation } = handed;
      await handle.signal(observedSignal, { ...violation, severity: 'critical', atMs: Date.now() });
      await until(handle, () => restarts() > 0);
      await resolve(handle);
      expect((await handle.result()).procedure).toBe('critical_system');
    });
  });

  it('is left alone after an abort, which undoes what is in force', async () => {
    await live(async () => {
      const handle = await start('critical');
      await until(handle, ({ state }) => state === 'verifying');
      await handle.signal(abortSignal, { by: 'ada' });
      const aborted = await until(handle, ({ outcome }) => outcome === 'aborted');
      expect(fleet.servers.get('engine-2')).toMatchObject({ admin: 'ready', weight: 100 });
      expect(aborted.state).toBe('open');
      await env.sleep(600_000);
      expect(await handle.query(stateQuery)).toMatchObject({ state: 'open', outcome: 'aborted' });
      await resolve(handle);
      expect((await handle.result()).outcome).toBe('aborted');
    });
    expect(restarts()).toBe(0);
  });
});

describe('a lease that does not answer', () => {
  it('is said, lets nothing act, and holds nobody when the violation ends', async () => {
    // Nobody works for that queue: what a lease is like whose workflow task fails again and again.
    const silent = { workflowId: 'lease', taskQueue: 'nobody' };
    const lease = await env.client.workflow.start('lease', silent);
    await live(async () => {
      const handle = await start('critical');
      const waiting = await until(handle, ({ state }) => state === 'waiting');
      expect(waiting.why).toBe('the lease does not answer');
      expect(waiting.timeline.map(({ text }) => text)).toContain(
        'the workflow "lease" does not answer: latency_spike acts once it does',
      );
      expect(fleet.effects).toEqual([]);
      await resolve(handle);
      expect(await handle.result()).toMatchObject({ outcome: 'superseded' });
    });
    await lease.terminate();
  });
});
