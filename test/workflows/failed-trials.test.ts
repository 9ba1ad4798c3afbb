import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBreakers } from '../../src/compose/breakers.js';
import { createCoordination } from '../../src/compose/coordination.js';
import { createIncidentGate } from '../../src/compose/incident-gate.js';
import { configSchema } from '../../src/config/schema.js';
import { FailedTrials } from '../../src/detector/breakers/failed-trials.js';
import { Dispatcher } from '../../src/detector/dispatch.js';
import { BREAKER_KINDS } from '../../src/domain/recovery/breaker-kinds.js';
import type { BreakerOutcome, BreakerView } from '../../src/workflows/breaker-messages.js';
import {
  incidentIdOf,
  stateQuery,
  type IncidentResult,
  type IncidentView,
} from '../../src/workflows/messages.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet } from './fake-world.js';
import { recordHistories } from './record-histories.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({
  logger: new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'WARN' : 'INFO'),
});
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** Short times on a server whose timers are exact to 10 ms; the rules are the product's. */
const { breakers: CONFIG } = configSchema.parse({
  breakers: { reconcile: '300ms', aphrodite_engine: { openFor: '500ms' } },
});
const TARGET = { service: 'chat', replica: 'engine-2' };
const ID = incidentIdOf('chat:engine-2:breaker_trials');
const WITHIN = { timeout: 90_000, interval: 50 };

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
/** Whether engine-2 answers 5xx to all that it is asked. */
let isBroken: boolean;
/** Whether a restart mends it. */
let isMendable: boolean;

beforeEach(async () => {
  fleet = new FakeFleet();
  isBroken = true;
  isMendable = true;
  fleet.letRestart(() => {
    if (isMendable) isBroken = false;
  });
  env = await createDevServerEnv();
});
afterEach(async ({ task }) => {
  await recordHistories(env, task.name);
  await env.teardown();
});

const breakers = () => createBreakers(() => env.client, { breakers: CONFIG });

/**
 * What the detector does of it: gives the trial's requests their answers, looks at the breakers'
 * states, and keeps the incident in step. Returns how to stop it.
 */
function detect(): () => Promise<void> {
  let views: readonly BreakerView[] = [];
  const found = new FailedTrials(
    {
      isSynced: true,
      states: () =>
        views.flatMap(({ service, replica, breakers: of }) =>
          BREAKER_KINDS.map((kind) => ({
            ...{ target: { service, replica }, kind, breaker: of[kind] },
            settings: CONFIG.kinds[kind],
          })),
        ),
    },
    true,
  );
  const problems: unknown[] = [];
  const dispatcher = new Dispatcher({
    gate: createIncidentGate(() => env.client, ''),
    ...{ tellEveryMs: 15_000, reconcileEveryMs: 15_000, retryEveryMs: 100, now: Date.now },
    onFailed: (error) => problems.push(error),
    whyUnseenOver: (fingerprint) => (found.isOver(fingerprint) ? 'it has closed' : undefined),
  });
  const round = async () => {
    views = await breakers().states();
    for (const { breakers: of } of views) {
      const { status, epoch } = of.aphrodite_engine;
      if (status !== 'half-open') continue;
      const seen = isBroken ? { failures: 1, successes: 0 } : { failures: 0, successes: 3 };
      await tell({ ...seen, epoch, detail: isBroken ? 'answers 5xx' : '' });
    }
    for (const event of found.judge(Date.now())) dispatcher.take(event);
    dispatcher.tick(found.open());
  };
  const over = new AbortController();
  const running = (async () => {
    while (!over.signal.aborted) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    over.abort();
    await running;
    expect(problems).toEqual([]);
  };
}

const tell = (outcome: Partial<BreakerOutcome>) =>
  breakers().tell(TARGET, {
    ...{ kind: 'aphrodite_engine', failures: 0, successes: 0, atMs: Date.now(), detail: '5xx' },
    ...outcome,
  });

const handle = () => env.client.workflow.getHandle<() => Promise<IncidentResult>>(ID);
const until = (is: (view: IncidentView) => void) =>
  vi.waitFor(async () => {
    const view = await handle().query(stateQuery);
    is(view);
    return view;
  }, WITHIN);

async function withDetector<T>(run: () => Promise<T>): Promise<T> {
  const world = fleet.world(createCoordination(env.client), {}, breakers());
  return runWithWorkers(env, world, async () => {
    const stop = detect();
    try {
      return await run();
    } finally {
      await stop();
    }
  });
}

describe('a replica whose breaker’s trials keep failing', () => {
  it('has one incident, is restarted, judged by its own trial, and given back', async () => {
    await withDetector(async () => {
      await tell({ failures: 5 });
      const { violation } = await until((view) => expect(view.outcome).toBe('recovered'));
      expect(violation).toMatchObject({ metric: 'breaker_failed_trials', replica: 'engine-2' });
      expect(violation.evidence).toMatch(
        /^breaker aphrodite_engine opened 4 times, 3 trials failed \(answers 5xx\)/,
      );
      expect(await handle().result()).toMatchObject({
        ...{ outcome: 'recovered', procedure: 'error_rate_spike' },
      });
    });
    expect(fleet.restartsOf(TARGET.replica)).toBe(1);
    const steps = new Map(fleet.lines.map(({ stage, text }) => [stage, text]));
    expect(steps.get('verified')).toBe(
      'restart_service: breaker_failed_trials 3.000 → 0.000 (limit 2.000)',
    );
    expect(steps.get('compliant')).toBe('its breaker has closed, or was isolated by a person');
    expect(fleet.servers.get('engine-2')).toMatchObject({ admin: 'ready', weight: 100 });
    // At least three trials before the restart and one after it, each begun and ended.
    const admin = fleet.effects.filter((effect) => /drain|ready/.test(effect));
    expect(admin.length).toBeGreaterThanOrEqual(8);
    expect(admin).toEqual(admin.map((_, i) => `engine-2 ${i % 2 === 0 ? 'drain' : 'ready'}`));
    const alerts = fleet.alerts.map(({ kind, state }) => `${kind} ${state}`);
    expect(alerts.slice(0, 1)).toEqual(['violation sent']);
    expect(fleet.alerts[0]?.text).toContain('**Seen:** breaker aphrodite_engine opened 4 times');
  });

  it('goes to people when a restart does not help, and stays away from requests', async () => {
    isMendable = false;
    await withDetector(async () => {
      await tell({ failures: 5 });
      const view = await until(({ state }) => expect(state).toBe('escalated'));
      expect(view.outcome).toBe('rolled-back');
      expect(view.steps.map(({ action, state }) => [action, state])).toEqual([
        ['circuit_breaker_open', 'skipped'],
        ['health_check_reset', 'skipped'],
        ['restart_service', 'no-effect'],
        ['deployment_rollback', 'refused'],
      ]);
      const [state] = await breakers().states();
      expect(state?.breakers.aphrodite_engine.failedTrials).toBeGreaterThan(3);
      // A person isolates it: it is theirs, and the incident ends.
      await breakers().order(TARGET, 'isolate', { by: 'ada', reason: 'GPU is replaced' });
      await handle().result();
    });
    expect(fleet.restartsOf(TARGET.replica)).toBe(1);
    expect(fleet.servers.get('engine-2')).toMatchObject({ admin: 'drain' });
  });
});
