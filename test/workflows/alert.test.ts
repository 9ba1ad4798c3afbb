import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reconciler } from '../../src/compose/reconciler.js';
import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import { readMonitor, updateMonitor } from '../../src/server/monitor-client.js';
import { AdapterError } from '../../src/domain/ports.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import {
  incidentIdOf,
  resolvedSignal,
  type IncidentInput,
  type IncidentResult,
} from '../../src/workflows/messages.js';
import { abortSignal, acknowledgeUpdate } from '../../src/workflows/operator-messages.js';
import {
  maintenanceUpdate,
  silenceUpdate,
  unsilenceUpdate,
} from '../../src/workflows/monitor-messages.js';
import { createDevServerEnv } from '../support/temporal.js';
import { Desk, twoLevels } from './alert-desk.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { recordHistories } from './record-histories.js';

/** Each test has a server and workers of its own, on whatever machine. */
vi.setConfig({ testTimeout: 90_000 });

Runtime.install({ logger: new DefaultLogger('ERROR') });

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
let desk: Desk;
beforeEach(async () => {
  fleet = new FakeFleet();
  fleet.alerting = twoLevels(60_000);
  desk = new Desk();
  env = await createDevServerEnv();
});
afterEach(async ({ task }) => {
  await recordHistories(env, task.name);
  await env.teardown();
});

function start(violation: Violation) {
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}
type Handle = Awaited<ReturnType<typeof start>>;

const resolve = (handle: Handle) =>
  handle.signal(resolvedSignal, { atMs: Date.now(), value: 120, why: 'back inside' });
const alertOf = (handle: Handle) =>
  env.client.workflow.getHandle(`alert:${handle.firstExecutionRunId}`);
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 40_000, interval: 100 });
const states = (kind: string) =>
  fleet.alerts.filter((a) => a.kind === kind).map(({ state }) => state);

/** Engine-2 is slow by its share of the load, as a throttled GPU is. */
function throttle(): void {
  fleet.latencyOf = (s) => (s.name === 'engine-2' && s.weight > 25 ? 600 : 110);
  fleet.note();
}
function cure(): void {
  fleet.latencyOf = () => 110;
  fleet.note();
}

describe('alerts of an incident', () => {
  it('open, add to and close one page, each channel told once of each', async () => {
    throttle();
    await desk.around(env, fleet, async () => {
      const handle = await start(slowReplica());
      await eventually(() => expect(desk.kinds('chat')).toContain('update'));
      cure();
      await resolve(handle);
      await handle.result();
      await alertOf(handle).result();
    });
    // Critical: the second level hears of it at once as well.
    expect(desk.kinds('pager')).toEqual(desk.kinds('chat'));
    expect(desk.kinds('chat').at(0)).toBe('trigger');
    expect(desk.kinds('chat').at(-1)).toBe('resolve');
    expect(new Set(desk.delivered.map((d) => d.notification.dedupKey)).size).toBe(1);
    const ids = desk.delivered.map((d) => `${d.channel} ${d.notification.id}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(fleet.alerts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['violation', 'recovery', 'rca', 'resolved']),
    );
    expect(fleet.alerts.every(({ state }) => state === 'sent')).toBe(true);
  });

  it('climb when nobody acknowledges, and tell who does so', async () => {
    fleet.alerting = twoLevels(1_500);
    fleet.latencyOf = () => 110;
    await desk.around(env, fleet, async () => {
      const first = slowReplica({ severity: 'major', service: 'unknown' });
      const handle = await start(first);
      await eventually(() => expect(desk.kinds('pager')).toEqual(['trigger']));
      // The record follows the delivery.
      await eventually(() => expect(states('unacknowledged')).toEqual(['sent']));
      expect(fleet.alerts.at(-1)?.escalationLevel).toBe(1);
      await handle.executeUpdate(acknowledgeUpdate, { args: [{ by: 'ada' }] });
      await eventually(() => expect(desk.kinds('pager')).toEqual(['trigger', 'acknowledge']));
      await resolve(handle);
      await handle.result();
      await alertOf(handle).result();
    });
    expect(desk.kinds('pager')).toEqual(['trigger', 'acknowledge', 'resolve']);
  });

  it('climb no further once somebody acknowledged', async () => {
    fleet.alerting = twoLevels(2_000);
    await desk.around(env, fleet, async () => {
      const handle = await start(slowReplica({ severity: 'major', service: 'unknown' }));
      await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
      await handle.executeUpdate(acknowledgeUpdate, { args: [{ by: 'ada' }] });
      await eventually(() => expect(desk.kinds('chat')).toContain('acknowledge'));
      // A timer that was due would have fired by then.
      await env.sleep(2_500);
      await resolve(handle);
      await handle.result();
      await alertOf(handle).result();
    });
    expect(desk.kinds('pager')).toEqual([]);
    expect(states('unacknowledged')).toEqual([]);
  });
});

describe('the page of an incident that is terminated from outside', () => {
  const last = () => desk.delivered.at(-1)?.notification;
  const terminate = async (handle: Handle) => {
    await handle.terminate('by mistake');
    const reconciler = new Reconciler(env.client, (error) => {
      throw error;
    });
    while ((await reconciler.look()).length === 0);
  };

  it('is closed once what it changed is undone, and says by whom it was', async () => {
    throttle();
    await desk.around(env, fleet, async () => {
      const handle = await start(slowReplica());
      await eventually(() => expect(states('recovery')).toEqual(['sent']));
      await terminate(handle);
      await alertOf(handle).result();
    });
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
    expect(last()).toMatchObject({
      kind: 'resolve',
      title: 'Ended from outside: request_latency_p95 of chat/engine-2',
    });
    const by = env.client.options.identity;
    expect(last()?.text).toContain(
      `nothing: it was terminated by ${by}; what it had changed is undone`,
    );
  });

  it('is made louder when that can’t be undone, and says what a person must do', async () => {
    throttle();
    fleet.beforeEffect = (effect) => {
      if (effect !== 'engine-2 weight 100') return Promise.resolve();
      return Promise.reject(new AdapterError('rejected', 'the balancer is locked'));
    };
    await desk.around(env, fleet, async () => {
      const handle = await start(slowReplica());
      await eventually(() => expect(states('recovery')).toEqual(['sent']));
      await terminate(handle);
      await eventually(() => expect(states('rollback-incomplete')).toEqual(['sent']));
      await eventually(() => expect(last()?.kind).toBe('trigger'));
    });
    expect(last()?.text).toContain('a person must: set server engines/engine-2 weight 100');
    expect(last()?.text).toContain('the balancer is locked');
    expect(fleet.records.map(({ outcome }) => outcome)).toContain('rollback-incomplete');
  });
});

describe('maintenance', () => {
  it('tells nobody and changes nothing; at its end what is still violated alerts and recovers', async () => {
    throttle();
    await desk.around(env, fleet, async () => {
      const by = { by: 'ada', reason: 'kernel' };
      await updateMonitor(env.client, maintenanceUpdate, { on: true, forMs: 600_000, ...by });
      const handle = await start(slowReplica());
      await eventually(() => expect(states('violation')).toEqual(['suppressed']));
      await eventually(() => expect(fleet.lines.map(({ stage }) => stage)).toContain('held'));
      const held = fleet.lines.find(({ stage }) => stage === 'held');
      expect(held?.text).toContain('maintenance by ada until');
      expect(held?.text).toContain('latency_spike (cache_invalidation → load_balancer_adjust');
      // The cause is analysed all the same.
      await eventually(() => expect(fleet.lines.map(({ stage }) => stage)).toContain('cause'));
      expect([desk.delivered, fleet.effects]).toEqual([[], []]);

      await updateMonitor(env.client, maintenanceUpdate, { on: false, by: 'ada' });
      await eventually(() => expect(desk.kinds('chat').at(0)).toBe('trigger'));
      await eventually(() => expect(fleet.effects).toEqual(['engine-2 weight 5']));
      cure();
      await resolve(handle);
      expect((await handle.result()).outcome).toBe('recovered');
      await alertOf(handle).result();
    });
    expect(desk.kinds('chat').at(-1)).toBe('resolve');
  });

  it('ends by itself, and stops a recovery that is under way at its next step', async () => {
    fleet.latencyOf = () => 600;
    fleet.note();
    await desk.around(
      env,
      fleet,
      async () => {
        const handle = await start(slowReplica());
        await eventually(() => expect(fleet.effects).toEqual(['engine-2 weight 5']));
        const maintain = (forMs: number) =>
          updateMonitor(env.client, maintenanceUpdate, {
            ...{ on: true, forMs, by: 'ada', reason: 'kernel' },
          });
        await maintain(600_000);
        // What it owes is undone; what comes next does not act.
        await eventually(() => {
          expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 weight 100']);
        });
        await eventually(() => expect(fleet.lines.map(({ stage }) => stage)).toContain('held'));
        expect(fleet.effects).toHaveLength(2);
        throttle();
        // However long it took to come here, this one's end is still ahead.
        await maintain(1_000);
        await eventually(() => expect(fleet.effects).toHaveLength(3));
        cure();
        await resolve(handle);
        await handle.result();
        await alertOf(handle).result();
      },
      { verifyTimeoutMs: 2_000 },
    );
  });
});

describe('muting', () => {
  it('by a silence lasts until that is removed', async () => {
    await desk.around(env, fleet, async () => {
      const silence = await updateMonitor(env.client, silenceUpdate, {
        matchers: [{ name: 'replica', op: '=~', value: 'engine-[0-9]+' }],
        ...{ owner: 'ada', reason: 'known', forMs: 600_000 },
      });
      expect((await readMonitor(env.client))?.silences).toEqual([silence]);
      const handle = await start(slowReplica({ severity: 'major', service: 'unknown' }));
      await eventually(() => expect(states('violation')).toEqual(['silenced']));
      expect(desk.delivered).toEqual([]);
      await updateMonitor(env.client, unsilenceUpdate, { id: silence.id, by: 'ada' });
      await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
      await resolve(handle);
      await handle.result();
      await alertOf(handle).result();
    });
  });

  it('by the incident of its whole service ends with that', async () => {
    await desk.around(env, fleet, async () => {
      const of = { severity: 'major', service: 'unknown' } as const;
      const all = await start(
        slowReplica({ ...of, fingerprint: 'unknown:*:p95', replica: undefined }),
      );
      await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
      const one = await start(slowReplica({ ...of, fingerprint: 'unknown:engine-2:p95' }));
      await eventually(() => expect(states('violation')).toEqual(['sent', 'inhibited']));
      await resolve(all);
      await all.result();
      await eventually(() => {
        expect(desk.kinds('chat', one.workflowId)).toContain('trigger');
      });
      await resolve(one);
      await one.result();
      await Promise.all([alertOf(all).result(), alertOf(one).result()]);
    });
  });

  it('by an incident that was terminated does not last', async () => {
    await desk.around(env, fleet, async () => {
      const of = { severity: 'major', service: 'unknown' } as const;
      const all = await start(
        slowReplica({ ...of, fingerprint: 'unknown:*:p95', replica: undefined }),
      );
      await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
      await all.terminate('by mistake');
      const one = await start(slowReplica({ ...of, fingerprint: 'unknown:engine-2:p95' }));
      await eventually(() => {
        expect(desk.kinds('chat', one.workflowId)).toContain('trigger');
      });
    });
  });

  it('by a page of the same service is told there', async () => {
    const { policy, ...rest } = twoLevels(60_000);
    const grouping = { withinMs: 60_000, everyMs: 3_000 };
    fleet.alerting = { ...rest, policy: { ...policy, grouping } };
    throttle();
    // The first waits for an approval, and the second for the first: neither calls for people by itself,
    // which no group would mute.
    const autonomy = { ...DEFAULT_AUTONOMY, load_balancer_adjust: 'approve' } as const;
    const approval = { autonomy, approvalTimeoutMs: 120_000 };
    const test = async () => {
      const first = await start(slowReplica({ severity: 'major' }));
      await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
      await eventually(() => expect(states('approval')).toEqual(['sent']));
      const other = { replica: 'engine-1', fingerprint: 'chat:engine-1:request_latency_p95' };
      const second = await start(slowReplica({ ...other, severity: 'major' }));
      await eventually(() => {
        const titles = desk.delivered.map((d) => d.notification.title);
        expect(titles).toContain('1 more incident of chat');
      });
      const told = desk.delivered.find((d) => d.notification.title.startsWith('1 more'));
      expect(told?.notification).toMatchObject({ kind: 'update', incidentId: first.workflowId });
      expect(desk.kinds('chat', second.workflowId)).toEqual([]);
      await first.signal(abortSignal, { by: 'the test', keep: true });
      for (const handle of [second, first]) {
        await resolve(handle);
        await handle.result();
        await alertOf(handle).result();
      }
    };
    await desk.around(env, fleet, test, approval);
  });
});

describe('the ladder, once a recovery of a major violation has ended', () => {
  const recorded = (kind: string) =>
    fleet.alerts.filter((a) => a.kind === kind).map((a) => [a.state, a.escalationLevel]);

  it.each<[string, string, readonly string[]]>([
    ['failed', 'recovery', ['chat', 'pager']],
    ['failed and could not be undone', 'rollback-incomplete', ['chat', 'pager']],
    ['worked', 'recovery', ['chat']],
    ['failed, of an acknowledged incident', 'recovery', ['chat']],
  ])('minds whether it %s', async (what, kind, told) => {
    // So late that only the recovery's end can be why the second level hears of it.
    fleet.alerting = twoLevels(3_600_000);
    const isHelped = what === 'worked';
    fleet.latencyOf = (s) => (!isHelped || (s.name === 'engine-2' && s.weight > 25) ? 600 : 110);
    fleet.note();
    let letAct = (): void => undefined;
    const mayAct = new Promise<void>((resolved) => (letAct = resolved));
    fleet.beforeEffect = async (effect) => {
      await mayAct;
      if (kind === 'rollback-incomplete' && effect === 'engine-2 weight 100') {
        throw new AdapterError('rejected', 'the balancer is locked');
      }
    };
    await desk.around(env, fleet, async () => {
      const handle = await start(slowReplica({ severity: 'major' }));
      try {
        await eventually(() => expect(desk.kinds('chat')).toContain('trigger'));
        if (what.includes('acknowledged')) {
          await handle.executeUpdate(acknowledgeUpdate, { args: [{ by: 'ada' }] });
          await eventually(() => expect(desk.kinds('chat')).toContain('acknowledge'));
        }
      } finally {
        // Else the worker would wait for it in vain, and hide what failed.
        letAct();
      }
      const level = told.includes('pager') ? 1 : 0;
      await eventually(() => expect(recorded(kind)).toEqual([['sent', level]]));
      await eventually(() => {
        const channels = desk.delivered.map(({ channel }) => channel);
        expect([...new Set(channels)].sort()).toEqual(told);
      });
    });
  });
});
