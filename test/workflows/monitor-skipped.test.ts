import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpdateDefinition } from '@temporalio/common';
import { MaintenanceSchedule, windowAt } from '../../src/compose/maintenance-schedule.js';
import type { Mode } from '../../src/domain/monitor/mode.js';
import type { MonitorView, SourceFacts } from '../../src/domain/monitor/monitor-state.js';
import type { Severity } from '../../src/domain/sla/severity.js';
import { monitorStart, readMonitor } from '../../src/server/monitor-client.js';
import {
  factsSignal,
  maintenanceUpdate,
  modeUpdate,
  MONITOR_WORKFLOW_ID,
} from '../../src/workflows/monitor-messages.js';
import { createTimeSkippingEnv } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { runWithWorkers } from './run-with-workers.js';
import { skippingCoordination } from './skipped-time.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let env: TestWorkflowEnvironment;
beforeEach(async () => {
  env = await createTimeSkippingEnv();
}, 120_000);
afterEach(() => env.teardown());

const withMonitor = (run: () => Promise<void>) =>
  runWithWorkers(env, new FakeFleet().world(skippingCoordination(env)), async () => {
    await env.client.workflow.start('monitor', monitorStart);
    await run();
  });
const handle = () => env.client.workflow.getHandle(MONITOR_WORKFLOW_ID);
const ask = <Ask>(update: UpdateDefinition<MonitorView, [Ask]>, message: Ask) =>
  handle().executeUpdate(update, { args: [message] });

/** A detector's word: as many open as severities are given. */
async function see(active: readonly Severity[], compliancePercent = 100): Promise<void> {
  const facts: SourceFacts = {
    ...{ source: 'detector', atMs: await env.currentTimeMs(), compliancePercent },
    active: active.map((severity, i) => ({ fingerprint: `chat:engine-${i}:p95`, severity })),
  };
  await handle().signal(factsSignal, facts);
}

/** Waits for what everybody reads without a worker: the server's own memory of the monitor. */
const shows = (mode: Mode, why: string) =>
  vi.waitFor(
    async () => {
      const view = await readMonitor(env.client);
      expect([view?.mode, view?.why]).toEqual([mode, why]);
      return view!;
    },
    { timeout: 60_000, interval: 25 },
  );

describe('the mode, with time skipped', () => {
  it('follows every rule of what is measured, up and down, and holds in between', async () => {
    const word = (open: string, percent: number) => `${open}, ${percent} % compliant`;
    const none = (percent: number) => word('no violation is open', percent);
    const rules: [string, Severity[], number, Mode, string][] = [
      ['calm', [], 100, 'normal', none(100)],
      ['compliance of 95 is enough', [], 95, 'normal', none(95)],
      ['compliance just under 95 raises', [], 94.9, 'high-alert', none(94.9)],
      ['97 does not lower', [], 97, 'high-alert', none(97)],
      ['just under 99 neither', [], 98.9, 'high-alert', none(98.9)],
      ['99 does', [], 99, 'normal', none(99)],
      ['one open raises', ['minor'], 100, 'high-alert', word('1 open', 100)],
      ['two are no emergency', ['major', 'minor'], 96, 'high-alert', word('2 open', 96)],
      ['three are', ['minor', 'minor', 'minor'], 96, 'emergency', word('3 open', 96)],
      ['one left does not lower it', ['minor'], 100, 'emergency', word('1 open', 100)],
      ['nor low compliance', [], 90, 'emergency', none(90)],
      ['nor just under 99', [], 98.9, 'emergency', none(98.9)],
      ['calm does, by both steps at once', [], 100, 'normal', none(100)],
      [
        'one critical is an emergency',
        ['critical'],
        100,
        'emergency',
        word('1 open (1 critical)', 100),
      ],
      ['calm again', [], 99.5, 'normal', none(99.5)],
      ['major is high alert', ['major'], 99, 'high-alert', word('1 open', 99)],
      ['which grows graver', ['critical'], 99, 'emergency', word('1 open (1 critical)', 99)],
    ];
    await withMonitor(async () => {
      let before: MonitorView | undefined;
      for (const [what, active, percent, mode, why] of rules) {
        await see(active, percent);
        const view = await shows(mode, why).catch((cause: unknown) => {
          throw new Error(what, { cause });
        });
        // It holds for as long as nothing new is said, and is as old as its last change.
        expect([what, view.sinceMs === before?.sinceMs]).toEqual([what, mode === before?.mode]);
        before = view;
        await env.sleep(5 * MINUTE_MS);
        expect(await readMonitor(env.client)).toEqual(view);
      }
    });
  }, 240_000);

  it('is maintenance by an operator until its end or his word, whatever is measured', async () => {
    const by = { by: 'ada', reason: 'kernel' };
    await withMonitor(async () => {
      await see(['minor']);
      await shows('high-alert', '1 open, 100 % compliant');
      const entered = await ask(maintenanceUpdate, { on: true, forMs: 2 * HOUR_MS, ...by });
      await shows('maintenance', 'by ada: kernel');
      expect(entered.maintenance?.untilMs).toBe(entered.sinceMs + 2 * HOUR_MS);
      for (const active of [['critical'], []] as const) {
        await see(active);
        await env.sleep(50 * MINUTE_MS);
        await shows('maintenance', 'by ada: kernel');
      }
      await env.sleep(15 * MINUTE_MS);
      await see(['critical']);
      // Measured all the while: only covered.
      await vi.waitFor(async () =>
        expect((await readMonitor(env.client))?.automatic).toBe('emergency'),
      );
      await shows('maintenance', 'by ada: kernel');
      await env.sleep(6 * MINUTE_MS);
      const ended = await shows('emergency', '1 open (1 critical), 100 % compliant');
      expect(ended.sinceMs - entered.sinceMs).toBeGreaterThanOrEqual(2 * HOUR_MS);
      expect(ended.sinceMs - entered.sinceMs).toBeLessThan(2 * HOUR_MS + MINUTE_MS);

      await ask(maintenanceUpdate, { on: true, forMs: 8 * HOUR_MS, ...by });
      await shows('maintenance', 'by ada: kernel');
      await env.sleep(5 * MINUTE_MS);
      await ask(maintenanceUpdate, { on: false, by: 'ada' });
      await shows('emergency', '1 open (1 critical), 100 % compliant');
    });
  }, 240_000);

  it('is maintenance by schedule, each window once, unless an operator ended it', async () => {
    const sundays = {
      ...{ name: 'weekly', cron: '0 3 * * 0', timeZone: 'Europe/Vienna', for: 2 * HOUR_MS },
      reason: 'kernel',
    };
    let nowMs = 0;
    const schedule = new MaintenanceSchedule(
      [sundays],
      (order) => ask(maintenanceUpdate, order),
      (error) => {
        throw error;
      },
      () => nowMs,
    );
    const look = async () => {
      nowMs = await env.currentTimeMs();
      await schedule.look();
    };
    /** Sleeps into the next window, and gives its end. */
    const toWindow = async () => {
      const atMs = await env.currentTimeMs();
      const { fromMs = 0 } = windowAt(sundays, atMs);
      if (fromMs > atMs) await env.sleep(fromMs - atMs + 1_000);
      return fromMs + 2 * HOUR_MS;
    };
    const scheduled = 'by schedule "weekly": kernel';
    const calm = 'nothing was measured lately';
    await withMonitor(async () => {
      const untilMs = await toWindow();
      await look();
      const view = await shows('maintenance', scheduled);
      expect(view.maintenance?.untilMs).toBe(untilMs);
      await env.sleep(untilMs - (await env.currentTimeMs()) - 10 * MINUTE_MS);
      await look();
      await shows('maintenance', scheduled);
      await env.sleep(11 * MINUTE_MS);
      const ended = await shows('normal', calm);
      expect(ended.sinceMs).toBeGreaterThanOrEqual(untilMs);

      // A week later; ended early, it is not entered again, not by another worker either.
      const nextMs = await toWindow();
      expect(nextMs).toBeGreaterThan(untilMs + 6 * 24 * HOUR_MS);
      await look();
      await shows('maintenance', scheduled);
      await ask(maintenanceUpdate, { on: false, by: 'ada' });
      await shows('normal', calm);
      await ask(maintenanceUpdate, {
        ...{ on: true, by: 'schedule "weekly"', reason: 'kernel' },
        ...{ window: `weekly@${nextMs - 2 * HOUR_MS}`, untilMs: nextMs },
      });
      await shows('normal', calm);

      // The one after that comes as usual.
      await env.sleep(2 * HOUR_MS);
      await toWindow();
      await look();
      await shows('maintenance', scheduled);
    });
  }, 240_000);

  it('is held by an operator until its end or his word, but not against maintenance', async () => {
    const held = 'held by ada: launch';
    const by = { by: 'ada', reason: 'launch' };
    await withMonitor(async () => {
      await see([]);
      await ask(modeUpdate, { mode: 'emergency', forMs: 10 * MINUTE_MS, ...by });
      await shows('emergency', held);
      await see([]);
      await env.sleep(8 * MINUTE_MS);
      await shows('emergency', held);
      await env.sleep(3 * MINUTE_MS);
      await shows('normal', 'no violation is open, 100 % compliant');
      await ask(modeUpdate, { mode: 'high-alert', ...by });
      await env.sleep(24 * HOUR_MS);
      await shows('high-alert', held);
      await ask(maintenanceUpdate, { on: true, forMs: HOUR_MS, by: 'bob' });
      await shows('maintenance', 'by bob');
      await env.sleep(HOUR_MS + MINUTE_MS);
      await shows('high-alert', held);
      await see([]);
      await ask(modeUpdate, { mode: 'auto', ...by });
      await shows('normal', 'no violation is open, 100 % compliant');
    });
  }, 240_000);
});
