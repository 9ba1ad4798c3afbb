import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alertingOf } from '../../src/compose/alerting.js';
import { configSchema } from '../../src/config/schema.js';
import type { AutomaticMode } from '../../src/domain/monitor/mode.js';
import type { Severity } from '../../src/domain/sla/severity.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import { monitorStart } from '../../src/server/monitor-client.js';
import {
  incidentIdOf,
  observedSignal,
  resolvedSignal,
  type IncidentInput,
} from '../../src/workflows/messages.js';
import { acknowledgeUpdate } from '../../src/workflows/operator-messages.js';
import {
  maintenanceUpdate,
  modeUpdate,
  MONITOR_WORKFLOW_ID,
} from '../../src/workflows/monitor-messages.js';
import { createTimeSkippingEnv } from '../support/temporal.js';
import { Desk } from './alert-desk.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { skippingCoordination, skipUntil, untilTold } from './skipped-time.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** More than a time-skipping server and a busy machine add to a timer. */
const SLACK_MS = 50_000;
/** All as it is shipped, with three levels to climb. */
const ALERTING = alertingOf(
  configSchema.parse({
    channels: { chat: { kind: 'stdout' }, pager: { kind: 'stdout' }, boss: { kind: 'stdout' } },
    monitor: {
      escalation: {
        levels: [
          { after: '0s', channels: ['chat'] },
          { after: '5m', channels: ['pager'] },
          { after: '15m', channels: ['boss'] },
        ],
      },
    },
  }),
);

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
let desk: Desk;
beforeEach(async () => {
  fleet = new FakeFleet();
  fleet.alerting = ALERTING;
  desk = new Desk();
  env = await createTimeSkippingEnv();
});
afterEach(() => env.teardown());

const withDesk = (run: () => Promise<void>) =>
  desk.around(
    env,
    fleet,
    async () => {
      await env.client.workflow.start('monitor', monitorStart);
      await run();
    },
    {},
    skippingCoordination(env),
  );

function start(over: Partial<Violation>) {
  const violation = slowReplica(over);
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}
/** Of a service that nothing is configured to recover: only people can help. */
const startOf = (severity: Severity) => start({ severity, service: 'unknown' });
type Handle = Awaited<ReturnType<typeof start>>;
const acknowledge = (handle: Handle) =>
  handle.executeUpdate(acknowledgeUpdate, { args: [{ by: 'ada' }] });

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 25 });
const kinds = (channel: string) => desk.kinds(channel);
const recorded = (kind: string) =>
  fleet.alerts.filter((a) => a.kind === kind).map((a) => [a.state, a.escalationLevel]);

/** Checks who was told, and after how many minutes from the first page each heard of it. */
async function expectTold(expected: Readonly<Record<string, number>>): Promise<void> {
  await eventually(() => {
    const channels = desk.delivered.map(({ channel }) => channel);
    expect([...new Set(channels)].sort()).toEqual(Object.keys(expected).sort());
  });
  const firstOf = (channel: string) =>
    desk.delivered.find((d) => d.channel === channel)?.notification.atMs ?? NaN;
  for (const [channel, minutes] of Object.entries(expected)) {
    const lateMs = firstOf(channel) - firstOf('chat') - minutes * MINUTE_MS;
    expect([channel, lateMs >= 0, lateMs < SLACK_MS]).toEqual([channel, true, true]);
  }
}

describe('the escalation ladder, with time skipped', () => {
  it.each<[Severity, Readonly<Record<string, number>>]>([
    ['minor', { chat: 0 }],
    ['major', { chat: 0, pager: 5, boss: 15 }],
    ['critical', { chat: 0, pager: 0, boss: 15 }],
  ])('of an unacknowledged %s violation: %j', async (severity, told) => {
    await withDesk(async () => {
      await startOf(severity);
      await eventually(() => expect(kinds('chat')).toContain('trigger'));
      await env.sleep(4 * MINUTE_MS);
      await expectTold(severity === 'critical' ? { chat: 0, pager: 0 } : { chat: 0 });
      await env.sleep(2 * MINUTE_MS);
      await env.sleep(10 * MINUTE_MS);
      await expectTold(told);
      const before = desk.delivered.length;
      // At the top there is nothing more to climb.
      await env.sleep(2 * HOUR_MS);
      expect(desk.delivered).toHaveLength(before);
    });
    const rungs = { minor: [], major: [1, 2], critical: [2] }[severity];
    expect(recorded('unacknowledged')).toEqual(rungs.map((level) => ['sent', level]));
  });

  it.each<[string, number, Readonly<Record<string, number>>]>([
    ['at once', 1, { chat: 0 }],
    ['on its second level', 6, { chat: 0, pager: 5 }],
  ])('stops where somebody acknowledges %s', async (_, minutes, told) => {
    await withDesk(async () => {
      const handle = await startOf('major');
      await eventually(() => expect(kinds('chat')).toContain('trigger'));
      await env.sleep(minutes * MINUTE_MS);
      await expectTold(told);
      await acknowledge(handle);
      await eventually(() => {
        for (const channel of Object.keys(told)) expect(kinds(channel)).toContain('acknowledge');
      });
      await env.sleep(2 * HOUR_MS);
      await expectTold(told);
    });
    expect(recorded('unacknowledged')).toHaveLength(Object.keys(told).length - 1);
  });

  it('goes up at once where a violation becomes critical', async () => {
    await withDesk(async () => {
      const handle = await startOf('major');
      await eventually(() => expect(kinds('chat')).toContain('trigger'));
      await env.sleep(2 * MINUTE_MS);
      const atMs = await env.currentTimeMs();
      await handle.signal(observedSignal, { severity: 'critical', value: 900, atMs });
      await expectTold({ chat: 0, pager: 2 });
      await env.sleep(14 * MINUTE_MS);
      await expectTold({ chat: 0, pager: 2, boss: 15 });
    });
    expect(recorded('severity')).toEqual([['sent', 1]]);
    expect(recorded('unacknowledged')).toEqual([['sent', 2]]);
  });
});

describe('the cooldown of a violation that opens again, with time skipped', () => {
  const again = async () => {
    const first = await startOf('major');
    await eventually(() => expect(kinds('chat')).toContain('trigger'));
    const atMs = await env.currentTimeMs();
    await first.signal(resolvedSignal, { atMs, value: 120, why: 'back inside' });
    await untilTold(env, first);
    expect(kinds('chat').at(-1)).toBe('resolve');
    await startOf('major');
  };
  const triggers = () =>
    desk.delivered.filter((d) => d.channel === 'chat' && d.notification.kind === 'trigger');
  const ask = { by: 'ada', reason: 'launch' };
  const monitor = () => env.client.workflow.getHandle(MONITOR_WORKFLOW_ID);

  it.each<[AutomaticMode, number]>([
    ['normal', 5 * MINUTE_MS],
    ['high-alert', MINUTE_MS],
    ['emergency', MINUTE_MS / 2],
  ])('is that of the mode: %s, %d ms', async (mode, cooldownMs) => {
    await withDesk(async () => {
      await monitor().executeUpdate(modeUpdate, { args: [{ mode, ...ask }] });
      await again();
      await eventually(() =>
        expect(recorded('violation').map(([state]) => state)).toEqual(['sent', 'suppressed']),
      );
      expect(fleet.alerts.findLast((a) => a.kind === 'violation')?.why).toContain(
        `cooldown of ${cooldownMs / 1000} s (${mode})`,
      );
      expect(triggers()).toHaveLength(1);
      await env.sleep(cooldownMs + 1_000);
      await skipUntil(env, () => triggers().length > 1);
      expect(triggers()).toHaveLength(2);
    });
    const [one, two] = triggers().map(({ notification }) => notification.atMs);
    // The page is dated a moment after it was judged.
    const waitedMs = (two ?? NaN) - (one ?? NaN);
    expect(waitedMs).toBeGreaterThan(cooldownMs - 10_000);
    expect(waitedMs).toBeLessThan(cooldownMs + SLACK_MS);
  });

  it('does not matter in maintenance, which tells nobody until its end, and then at once', async () => {
    await withDesk(async () => {
      const message = { on: true, forMs: 2 * HOUR_MS, ...ask };
      await monitor().executeUpdate(maintenanceUpdate, { args: [message] });
      await startOf('critical');
      await eventually(() =>
        expect(recorded('violation').map(([state]) => state)).toEqual(['suppressed']),
      );
      await env.sleep(HOUR_MS + 55 * MINUTE_MS);
      expect(desk.delivered).toEqual([]);
      const beforeMs = await env.currentTimeMs();
      await env.sleep(5 * MINUTE_MS);
      await skipUntil(env, () => triggers().length > 0);
      expect(triggers()).toHaveLength(1);
      const [page] = triggers();
      expect(page!.notification.atMs - beforeMs).toBeLessThan(5 * MINUTE_MS + SLACK_MS);
    });
  });
});
