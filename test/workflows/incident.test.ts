import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import { Reconciler } from '../../src/compose/reconciler.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import {
  incidentIdOf,
  observedSignal,
  progressSignal,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
  type IncidentView,
} from '../../src/workflows/messages.js';
import { abortSignal, OPERATOR_UPDATES } from '../../src/workflows/operator-messages.js';
import { updateMonitor } from '../../src/server/monitor-client.js';
import { LEASE_WORKFLOW_ID, leaseHoldersQuery } from '../../src/workflows/lease-messages.js';
import {
  killSwitchUpdate,
  maintenanceUpdate,
  wakeSignal,
} from '../../src/workflows/monitor-messages.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';
import { recordHistories } from './record-histories.js';

Runtime.install({
  logger: new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'WARN' : 'INFO'),
});

// A server and two workers start for each: seconds on an idle machine, many times that on a busy one.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
beforeEach(async () => {
  fleet = new FakeFleet();
  // One server per test: a failed one must not leave its incident to the next.
  env = await createDevServerEnv();
});
afterEach(async ({ task }) => {
  await recordHistories(env, task.name);
  await env.teardown();
});

/** Runs with a worker of each queue around it. */
function withWorkers<T>(run: () => Promise<T>, policy: Partial<RecoveryPolicy> = {}): Promise<T> {
  return runWithWorkers(env, fleet.world(createCoordination(env.client), policy), run);
}

function start(violation: Violation) {
  const input: IncidentInput = {
    violation,
    source: 'detector',
    uiBase: '',
    evidence: undefined,
  };
  return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}

type Started = (given: IncidentInput) => Promise<IncidentResult>;
type Handle = WorkflowHandle<Started>;

async function until(handle: Handle, is: (view: IncidentView) => boolean): Promise<IncidentView> {
  for (;;) {
    const view = await handle.query(stateQuery);
    if (is(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const resolve = (handle: Handle) =>
  handle.signal(resolvedSignal, { atMs: Date.now(), value: 120, why: 'back inside' });

/** The fault passes, the detector sees it, and the incidents end. */
async function mendAndEnd(...handles: readonly Handle[]): Promise<void> {
  fleet.latencyOf = () => 110;
  fleet.note();
  for (const handle of handles) {
    await resolve(handle);
    await handle.result();
  }
}

/** Begins its history anew from a task that was done. */
async function reset(workflowId: string, runId: string, which: 'first' | 'last' = 'last') {
  const { events } = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = events?.filter((e) => Boolean(e.workflowTaskCompletedEventAttributes)) ?? [];
  const completed = tasks.at(which === 'first' ? 0 : -1);
  await env.client.workflowService.resetWorkflowExecution({
    namespace: env.client.options.namespace,
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: completed!.eventId!,
    reason: 'the test',
    requestId: randomUUID(),
  });
}

function fail(error: unknown): never {
  throw error;
}

/** Has undone what runs owe that were terminated, as the server does four times a minute: an incident and its recovery. */
async function reconcile(count = 2): Promise<void> {
  const reconciler = new Reconciler(env.client, fail);
  const settling: string[] = [];
  while (settling.length < count) settling.push(...(await reconciler.look()));
  for (const runId of settling) await env.client.workflow.getHandle(`settle:${runId}`).result();
  expect(await reconciler.look()).toEqual([]);
}

/** Engine-2 is slow by its share of the load, as a throttled GPU is. */
function throttle(): void {
  fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 25 ? 600 : 110);
  fleet.note();
}

describe('incident', () => {
  it('takes load off the slow replica, verifies, and closes with the mitigation released', async () => {
    throttle();
    await withWorkers(async () => {
      const handle = await start(slowReplica());
      const verified = await until(handle, (v) => v.outcome === 'recovered');
      expect(fleet.effects).toEqual(['engine-2 weight 5']);
      expect(verified.steps.map((s) => [s.action, s.state])).toEqual([
        ['cache_invalidation', 'skipped'],
        ['load_balancer_adjust', 'recovered'],
        ['traffic_routing', 'skipped'],
      ]);
      expect(verified.owed.map((o) => o.undoLine)).toEqual([
        'set server engines/engine-2 weight 100',
      ]);
      // The fault passes: the release then holds.
      fleet.latencyOf = () => 110;
      fleet.note();
      await resolve(handle);
      const result = await handle.result();
      expect(result).toEqual({
        outcome: 'recovered',
        procedure: 'latency_spike',
        probableCause: 'engine-2 is slow',
      });
    });
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    const last = fleet.records.at(-1);
    expect(last).toMatchObject({
      state: 'resolved',
      outcome: 'recovered',
      probableCause: 'engine-2 is slow',
    });
    expect(fleet.lines.map((l) => l.stage)).toEqual(
      expect.arrayContaining([
        'violation',
        'plan',
        'skipped',
        'try',
        'changed',
        'verified',
        'released',
        'cause',
        'closed',
      ]),
    );
    // Each line once, in order.
    expect(fleet.lines.map((l) => l.sequence)).toEqual(fleet.lines.map((_, i) => i + 1));
  });

  it('knows what a step owes before it acts, and hears nothing that is out of date', async () => {
    throttle();
    await withWorkers(async () => {
      const seen: IncidentView[] = [];
      const handle = await start(slowReplica());
      fleet.beforeEffect = async () => {
        if (seen.length > 0) return;
        seen.push(await until(handle, (v) => v.owed.length > 0));
        const late = { ...seen[0]!, state: 'paused', owed: [], waiting: undefined, sequence: 0 };
        const lines = [{ atMs: Date.now(), stage: 'operator', text: 'a late line' }];
        await handle.signal(progressSignal, { ...late, state: 'paused', lines });
        seen.push(await until(handle, (v) => v.timeline.some((l) => l.text === 'a late line')));
      };
      await until(handle, (v) => v.outcome === 'recovered');
      const [before, told] = seen;
      expect(before?.owed.map((o) => o.undoLine)).toEqual([
        'set server engines/engine-2 weight 100',
      ]);
      // The cause may be known by then.
      expect(before?.timeline.map((l) => l.stage).slice(0, 4)).toEqual([
        ...['violation', 'plan', 'skipped', 'try'],
      ]);
      expect(told).toMatchObject({ state: 'recovering', owed: before?.owed });
      await mendAndEnd(handle);
    });
    expect(fleet.lines.filter((l) => l.stage === 'try')).toHaveLength(1);
  });

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('ended while it was open, by a detector whose clock is %s', async (_which, byMs) => {
    throttle();
    const beganAtMs = Date.now();
    await withWorkers(async () => {
      const handle = await start(slowReplica());
      await handle.signal(abortSignal, { by: 'test' });
      await handle.signal(resolvedSignal, { atMs: Date.now() + byMs, value: 120, why: 'well' });
      await handle.result();
    });
    const ended = fleet.records.at(-1);
    expect(ended?.state).toBe('resolved');
    expect(ended?.resolvedAtMs).toBeGreaterThanOrEqual(Math.max(beganAtMs, ended!.openedAtMs));
    expect(ended?.resolvedAtMs).toBeLessThanOrEqual(Date.now());
  });

  it('ramps a weight back, and puts it back from the stage that breaks the SLI', async () => {
    throttle();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, (v) => v.outcome === 'recovered');
        // Half mended: it bears a quarter of its share, not half of it.
        fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 40 ? 600 : 110);
        fleet.note();
        await resolve(handle);
        await handle.result();
      },
      { releaseRampPercent: [5, 25, 50] },
    );
    expect(fleet.effects).toEqual([
      'engine-2 weight 5',
      'engine-2 weight 25',
      'engine-2 weight 50',
      'engine-2 weight 5',
    ]);
    expect(fleet.lines.filter((l) => l.stage === 'release').map((l) => l.text)).toEqual([
      'trying without it: set server engines/engine-2 weight 25',
      'trying without it: set server engines/engine-2 weight 50',
    ]);
    expect(fleet.lines.some((l) => l.stage === 'kept')).toBe(true);
  });

  it('puts a mitigation back, and keeps it, when its release breaks the SLI again', async () => {
    throttle();
    await withWorkers(async () => {
      const handle = await start(slowReplica());
      await until(handle, (v) => v.outcome === 'recovered');
      await resolve(handle);
      await handle.result();
    });
    expect(fleet.effects).toEqual([
      'engine-2 weight 5',
      'engine-2 weight 100',
      'engine-2 weight 5',
    ]);
    expect(
      fleet.lines.some((l) => l.stage === 'kept' && l.text.includes('a person must mend engine-2')),
    ).toBe(true);
  });

  describe('of a replica whose weight a later one reduces once more', () => {
    const tail = (): Violation =>
      slowReplica({
        ...{ fingerprint: 'chat:engine-2:request_latency_p99' },
        ...{ threshold: 'request_latency_p99', metric: 'request_latency_p99' },
      });
    const textsOf = ({ workflowId }: Handle, stage: string) =>
      fleet.lines.flatMap((l) => (l.incidentId === workflowId && l.stage === stage ? l.text : []));
    const undoLine = 'set server engines/engine-2 weight 100';
    /** Both recovered, the later one by a cut on top of the earlier one's. */
    const bothReduced = async () => {
      const earlier = await start(slowReplica());
      await until(earlier, (v) => v.outcome === 'recovered');
      fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 2 ? 600 : 110);
      fleet.note();
      const later = await start(tail());
      await until(later, (v) => v.outcome === 'recovered');
      return { earlier, later };
    };

    it.each(['first', 'last'])(
      'is released %s, and the weight is what it was before',
      async (when) => {
        fleet.metrics = ['request_latency_p95', 'request_latency_p99'];
        throttle();
        await withWorkers(async () => {
          const { earlier, later } = await bothReduced();
          expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 1']);
          if (when === 'last') {
            await mendAndEnd(later, earlier);
            expect(textsOf(later, 'inherited')).toEqual([]);
            return;
          }
          await mendAndEnd(earlier);
          expect(fleet.effects).toHaveLength(2);
          expect(textsOf(earlier, 'released')).toEqual([
            `weight of engines/engine-2 is 1, ${later.workflowId} changed it since, and undoes both: ${undoLine}`,
          ]);
          expect((await later.query(stateQuery)).owed.map((o) => o.undoLine)).toEqual([undoLine]);
          await mendAndEnd(later);
          expect(textsOf(later, 'inherited')).toEqual([
            `${earlier.workflowId} leaves its undo to this one: ${undoLine}`,
          ]);
        });
        expect(fleet.effects.slice(2)).toEqual(
          when === 'last' ? ['engine-2 weight 5', 'engine-2 weight 100'] : ['engine-2 weight 100'],
        );
      },
    );

    it('is aborted while that recovery runs, which rolls both back', async () => {
      fleet.metrics = ['request_latency_p95', 'request_latency_p99'];
      throttle();
      await withWorkers(async () => {
        const earlier = await start(slowReplica());
        await until(earlier, (v) => v.outcome === 'recovered');
        fleet.latencyOf = () => 900;
        fleet.note();
        let letJudge: () => void = () => undefined;
        const judged = new Promise<void>((letGo) => (letJudge = letGo));
        const later = await start({ ...tail(), severity: 'major', value: 900 });
        await until(later, (v) => v.steps.some((s) => s.state === 'settling'));
        // There is no verdict on the later one until then.
        fleet.onRead = () => judged;
        await earlier.signal(abortSignal, { by: 'ana', reason: 'it is mine' });
        // Of its own view, as the archive is written behind it.
        const { timeline } = await until(earlier, (v) => v.outcome === 'aborted');
        const undone = timeline.flatMap((l) => (l.stage === 'rolled-back' ? l.text : []));
        expect(undone).toEqual([expect.stringContaining(undoLine)]);
        expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 1']);
        letJudge();
        await until(later, (v) => v.state === 'escalated');
        await mendAndEnd(later, earlier);
      });
      expect(fleet.effects).toEqual([
        ...['engine-2 weight 5', 'engine-2 weight 1', 'engine-2 drain', 'engine-2 ready'],
        'engine-2 weight 100',
      ]);
    });

    it('waits with its release until what a terminated one reduced is undone', async () => {
      fleet.metrics = ['request_latency_p95', 'request_latency_p99'];
      throttle();
      await withWorkers(async () => {
        const { earlier, later } = await bothReduced();
        await later.terminate('by mistake');
        fleet.latencyOf = () => 110;
        fleet.note();
        await resolve(earlier);
        await vi.waitFor(async () => {
          const { pendingActivities } = (await earlier.describe()).raw;
          expect(pendingActivities?.map(({ lastFailure }) => lastFailure?.message)).toContain(
            `${later.workflowId} changed it since, and is being undone`,
          );
        }, 30_000);
        expect(fleet.effects).toHaveLength(2);
        await reconcile(1);
        await earlier.result();
      });
      expect(fleet.effects.slice(2)).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    });
  });

  it('goes on to routing when the weight does not help, and rolls back newest first when nothing does', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    await withWorkers(async () => {
      const handle = await start(slowReplica({ severity: 'major' }));
      const view = await until(handle, (v) => v.state === 'escalated');
      expect(view.outcome).toBe('rolled-back');
      expect(fleet.effects).toEqual([
        'engine-2 weight 5',
        'engine-2 drain',
        'engine-2 ready',
        'engine-2 weight 100',
      ]);
      await resolve(handle);
      expect((await handle.result()).outcome).toBe('rolled-back');
    });
    expect([...fleet.servers.values()].every((s) => s.weight === 100 && s.admin === 'ready')).toBe(
      true,
    );
  });

  it('compensates on abort: the weight is what it was before', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, () => fleet.effects.includes('engine-2 weight 5'));
        await handle.signal(abortSignal, { by: 'test' });
        await until(handle, (v) => v.outcome === 'aborted');
        expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
        await expect(
          handle.executeUpdate(OPERATOR_UPDATES.abort, { args: [{}] }),
        ).rejects.toThrow();
        await resolve(handle);
        expect((await handle.result()).outcome).toBe('aborted');
      },
      { verifyTimeoutMs: 20_000 },
    );
  });

  it('treats a cancel as an abort', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, () => fleet.effects.includes('engine-2 weight 5'));
        await handle.cancel();
        await until(handle, (v) => v.outcome === 'aborted');
        expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
        await resolve(handle);
        await handle.result();
      },
      { verifyTimeoutMs: 20_000 },
    );
  });

  it('asks before it acts where the autonomy says so, and skips what is denied', async () => {
    throttle();
    const autonomy = { ...fleet.world(createCoordination(env.client)).policy.autonomy };
    autonomy.load_balancer_adjust = 'approve';
    autonomy.traffic_routing = 'approve';
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, (v) => v.waiting?.stepId === '2-load_balancer_adjust');
        expect(fleet.effects).toEqual([]);
        await expect(
          handle.executeUpdate(OPERATOR_UPDATES.resume, { args: [{}] }),
        ).rejects.toMatchObject({ cause: { message: 'it is not paused' } });
        await handle.executeUpdate(OPERATOR_UPDATES.deny, { args: [{ by: 'test', reason: 'no' }] });
        await until(handle, (v) => v.waiting?.stepId === '3-traffic_routing');
        await handle.executeUpdate(OPERATOR_UPDATES.approve, { args: [{ by: 'test' }] });
        await until(handle, (v) => v.outcome === 'recovered');
        expect(fleet.effects).toEqual(['engine-2 drain']);
        await mendAndEnd(handle);
      },
      { autonomy },
    );
  });

  it('lets a follower on the same target end as superseded', async () => {
    throttle();
    await withWorkers(async () => {
      const first = await start(slowReplica());
      await until(first, (v) => v.state === 'recovering');
      const second = await start(
        slowReplica({ fingerprint: 'chat:engine-2:other', threshold: 'other' }),
      );
      await until(second, (v) => v.state === 'waiting');
      await until(first, (v) => v.outcome === 'recovered');
      await resolve(second);
      expect((await second.result()).outcome).toBe('superseded');
      await mendAndEnd(first);
    });
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
  });

  it('does not act twice when an attempt timed out after it took effect', async () => {
    throttle();
    let isFirst = true;
    fleet.afterEffect = () => {
      if (!isFirst) return Promise.resolve();
      isFirst = false;
      return Promise.reject(new Error('connection lost after the effect'));
    };
    await withWorkers(async () => {
      const handle = await start(slowReplica());
      await until(handle, (v) => v.outcome === 'recovered');
      expect(fleet.effects).toEqual(['engine-2 weight 5']);
      await mendAndEnd(handle);
    });
  });

  it('undoes what a terminated recovery owed, though nobody is left to do it', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(
          handle,
          (v) => v.steps[1]?.state === 'verifying' || v.steps[1]?.state === 'settling',
        );
        // The whole family at once, as from a list in Temporal's UI.
        await handle.terminate('by mistake');
        await env.client.workflow
          .getHandle(`recovery:${handle.workflowId}:1`)
          .terminate('by mistake');
        await reconcile();
        expect(fleet.servers.get('engine-2')?.weight).toBe(100);
      },
      { verifyTimeoutMs: 20_000 },
    );
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    // Nobody sees it as open any more, and everybody what became of it.
    const closed = fleet.records.reduce((one, other) =>
      one.revision > other.revision ? one : other,
    );
    expect(closed).toMatchObject({ state: 'resolved', outcome: 'aborted' });
    expect(closed.resolvedAtMs).toBeGreaterThanOrEqual(closed.openedAtMs);
    const { identity } = env.client.options;
    expect(fleet.lines.slice(-3).map(({ stage, text }) => `${stage}: ${text}`)).toEqual([
      `ended: terminated by ${identity}: by mistake`,
      // The recovery's own may have been there before it.
      expect.stringMatching(/^rolled-back: weight of engines\/engine-2 (5 → 100|is 100 already)$/),
      'closed: terminated from outside; nothing acts for it any more',
    ]);
    expect(fleet.audit.filter(({ what }) => what === 'terminate')).toMatchObject([
      { who: identity, from: 'temporal', target: closed.id, detail: 'by mistake' },
    ]);
  });

  it('leaves to the recovery of a terminated incident what that one undoes, and the target with it', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    let letUndo: () => void = () => undefined;
    const mayUndo = new Promise<void>((letGo) => (letUndo = letGo));
    fleet.beforeEffect = (effect) =>
      effect === 'engine-2 weight 100' ? mayUndo : Promise.resolve();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, (v) => v.steps[1]?.state === 'settling');
        const { runId } = await handle.describe();
        await handle.terminate('by mistake');
        const recovery = env.client.workflow.getHandle(`recovery:${handle.workflowId}:1`);
        const coordination = createCoordination(env.client);
        await vi.waitFor(async () => {
          const { pendingActivities } = (await recovery.describe()).raw;
          expect(pendingActivities?.map((a) => a.activityType?.name)).toContain('undoStep');
        }, 30_000);
        expect(await new Reconciler(env.client, fail).look()).toEqual([]);
        expect(await coordination.hasEnded(handle.workflowId, runId)).toBe(false);
        letUndo();
        await recovery.result();
        expect(await coordination.hasEnded(handle.workflowId, runId)).toBe(true);
        await reconcile(1);
      },
      { verifyTimeoutMs: 20_000 },
    );
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    expect(fleet.records.at(-1)).toMatchObject({ state: 'resolved', outcome: 'aborted' });
  });

  it('undoes what a terminated incident held, also from before the recovery that ran', async () => {
    throttle();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica());
        await until(handle, (v) => v.outcome === 'recovered');
        await resolve(handle);
        await until(handle, (v) => v.state === 'mitigated');
        let letJudge: () => void = () => undefined;
        const judged = new Promise<void>((letGo) => (letJudge = letGo));
        fleet.onRead = () => (fleet.effects.length < 2 ? Promise.resolve() : judged);
        // It comes back while the weight is held: the next procedure routes around the replica.
        await handle.signal(observedSignal, { severity: 'critical', value: 600, atMs: Date.now() });
        await until(handle, (v) =>
          v.steps.some((s) => s.action === 'traffic_routing' && s.state === 'settling'),
        );
        await handle.terminate('by mistake');
        await env.client.workflow
          .getHandle(`recovery:${handle.workflowId}:2`)
          .terminate('by mistake');
        letJudge();
        await reconcile();
      },
      { releaseAfterWindows: 60 },
    );
    // What of it both owe is undone once.
    expect(fleet.effects).toEqual([
      ...['engine-2 weight 5', 'engine-2 drain', 'engine-2 ready', 'engine-2 weight 100'],
    ]);
  });

  it('goes on with what it holds when it is reset, as from a list in Temporal’s UI', async () => {
    throttle();
    await withWorkers(async () => {
      const { workflowId, firstExecutionRunId } = await start(slowReplica());
      const handle = env.client.workflow.getHandle<Started>(workflowId);
      await until(handle, (v) => v.outcome === 'recovered');
      await reset(workflowId, firstExecutionRunId);
      await until(handle, (v) => v.outcome === 'recovered');
      await reconcile(1);
      expect(fleet.effects).toEqual(['engine-2 weight 5']);
      // Whoever knows it by its first run still reaches it, and sees that it goes on.
      const coordination = createCoordination(env.client);
      const letter = { workflowId, runId: firstExecutionRunId, id: randomUUID() };
      const signal = { signal: wakeSignal.name, args: [] };
      expect(await coordination.deliver({ ...letter, ...signal })).toBe(true);
      expect(await coordination.hasEnded(workflowId, firstExecutionRunId)).toBe(false);
      expect((await handle.query(stateQuery)).owed).toHaveLength(1);
      await mendAndEnd(handle);
      // Long after that, and by another process, it is still no business of the reconciler's.
      await new Reconciler(env.client, fail).look();
      expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    });
    // One incident, one record, whose last word is the last; no line is lost.
    expect(new Set(fleet.records.map(({ runId }) => runId)).size).toBe(1);
    const last = fleet.records.reduce((one, other) =>
      one.revision > other.revision ? one : other,
    );
    expect(last.state).toBe('resolved');
    const written = new Set(fleet.lines.map(({ sequence }) => sequence));
    expect(written.size).toBe(fleet.lines.length);
    expect(fleet.lines.map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['verified', 'compliant', 'released', 'closed']),
    );
  });

  it('goes on when it is reset while its recovery runs, which acts once', async () => {
    throttle();
    await withWorkers(async () => {
      const { workflowId, firstExecutionRunId } = await start(slowReplica());
      const handle = env.client.workflow.getHandle<Started>(workflowId);
      await until(handle, (v) => v.steps.some((s) => s.state === 'settling'));
      await reset(workflowId, firstExecutionRunId);
      await until(handle, (v) => v.outcome === 'recovered');
      await reconcile(1);
      await mendAndEnd(handle);
    });
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
  });

  it('begins anew when it is reset to its first task, and what it did until then is undone', async () => {
    throttle();
    await withWorkers(async () => {
      const { workflowId, firstExecutionRunId } = await start(slowReplica());
      const handle = env.client.workflow.getHandle<Started>(workflowId);
      await until(handle, (v) => v.outcome === 'recovered');
      await reset(workflowId, firstExecutionRunId, 'first');
      await reconcile(1);
      await until(handle, (v) => v.outcome === 'recovered');
      await mendAndEnd(handle);
    });
    expect(fleet.servers.get('engine-2')?.weight).toBe(100);
    expect(fleet.lines.filter(({ stage }) => stage === 'plan')).toHaveLength(2);
  });

  it('changes nothing while the kill switch is on, and says who turned it', async () => {
    throttle();
    await withWorkers(async () => {
      await env.client.workflow.start('monitor', { workflowId: 'monitor', taskQueue: 'recovery' });
      const monitor = env.client.workflow.getHandle('monitor');
      await monitor.executeUpdate(killSwitchUpdate, {
        args: [{ on: true, by: 'ada', reason: 'change freeze' }],
      });
      const handle = await start(slowReplica({ severity: 'major' }));
      const view = await until(handle, (v) => v.state === 'escalated');
      expect(view.steps.map((s) => s.state)).toEqual(['refused', 'refused', 'refused']);
      expect(view.steps[1]?.line).toContain('stopped by ada');
      await monitor.executeUpdate(killSwitchUpdate, { args: [{ on: false }] });
      await resolve(handle);
      await handle.result();
      expect(fleet.effects).toEqual([]);
    });
  });

  it('is held back by maintenance without a turn of its own, and acts at its end', async () => {
    throttle();
    await withWorkers(
      async () => {
        const by = { by: 'ada', reason: 'new racks' };
        await updateMonitor(env.client, maintenanceUpdate, { on: true, forMs: 600_000, ...by });
        const handle = await start(slowReplica());
        const held = await until(handle, ({ state }) => state === 'waiting');
        expect(held.why).toContain('load_balancer_adjust');
        const turns = () =>
          env.client.workflow.getHandle(LEASE_WORKFLOW_ID).query(leaseHoldersQuery);
        await vi.waitFor(async () => expect((await turns()).held).toEqual([]), 30_000);
        const requestId = `${handle.firstExecutionRunId}:1`;
        expect(await turns()).toEqual({
          ...{ held: [], waiting: [], past: [] },
          givenUp: [{ requestId, atMs: expect.any(Number) as number }],
        });
        await updateMonitor(env.client, maintenanceUpdate, { on: false, ...by });
        // The budget is of one: the turn that was given back was none.
        await until(handle, ({ outcome }) => outcome === 'recovered');
        await mendAndEnd(handle);
      },
      { maxPerHour: 1 },
    );
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
  });

  it('refuses who waits once those before have used up the hour’s budget', async () => {
    throttle();
    await withWorkers(
      async () => {
        const first = await start(slowReplica());
        await until(first, (v) => v.state === 'recovering');
        const second = await start(
          slowReplica({ fingerprint: 'chat:engine-2:other', threshold: 'other' }),
        );
        await until(second, (v) => v.state === 'waiting');
        const view = await until(second, (v) => v.state === 'escalated');
        expect(view.why).toBe('budget: 1 recoveries within the hour, at most 1 are allowed');
        expect(view.outcome).toBe('refused');
        // Whoever went before may have cured it: it looks before it asks for a person.
        expect(view.timeline.map(({ text }) => text)).toContain(
          'it looks cured: waiting for the detector to agree',
        );
        await mendAndEnd(first, second);
      },
      { maxPerHour: 1 },
    );
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
  });

  it('refuses a second run within the cooldown, and goes on when that is over', async () => {
    throttle();
    await withWorkers(
      async () => {
        const first = await start(slowReplica());
        await until(first, (v) => v.outcome === 'recovered');
        await mendAndEnd(first);
        throttle();
        const second = await start(slowReplica());
        const view = await until(second, (v) => v.state === 'escalated');
        expect(view.why).toContain('cooldown: latency_spike acted on engine-2');
        expect(fleet.effects).toHaveLength(2);
        await until(second, () => fleet.effects.length === 3);
        await mendAndEnd(second);
      },
      { cooldownMs: 12_000 },
    );
  });

  it('only suggests when a storm of incidents is open', async () => {
    throttle();
    await withWorkers(
      async () => {
        const handle = await start(slowReplica({ severity: 'major' }));
        const view = await until(handle, (v) => v.state === 'escalated');
        expect(view.steps[1]?.line).toContain('autonomy is suggest; it would have: take load off');
        await resolve(handle);
        await handle.result();
        expect(fleet.effects).toEqual([]);
      },
      { stormAbove: 0 },
    );
  });
});
