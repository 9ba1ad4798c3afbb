import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakerWorkflowId } from '../../src/workflows/breaker-messages.js';
import type { PlannedStep, RecoveryInput, RecoveryResult } from '../../src/workflows/messages.js';
import { startFleet } from '../adapters/actuators/fleet-process.js';
import { bundleProgram, type Program } from '../adapters/archive/child-process.js';
import { createDevServerEnv, workflowBundle } from '../support/temporal.js';
import { slowReplica } from '../workflows/fake-world.js';
import { BREAKER_CASE, REPLICA_CASES, SERVICE_CASES, type CrashCase } from './crash-cases.js';
import { CrashFleet } from './crash-fleet.js';
import type { CrashWorkerSettings } from './crash-worker-settings.js';
import { createCrashActivities } from './crash-world.js';

type Moment = Extract<CrashWorkerSettings['dies'], object>['moment'];
const MOMENTS: readonly Moment[] = ['before', 'during', 'after'];
/** One for each moment, and one that nothing happens to. */
const REPLICAS = 4;
const ADDED = `engine-${REPLICAS + 1}`;
const CASE_MS = 180_000;

Runtime.install({ logger: new DefaultLogger('ERROR') });

let env: TestWorkflowEnvironment;
let fleet: CrashFleet;
let program: Program;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  const [server, process, worker] = await Promise.all([
    createDevServerEnv(),
    startFleet(REPLICAS),
    bundleProgram('test/activities/crash-worker-process.ts'),
  ]);
  env = server;
  fleet = new CrashFleet(process);
  program = worker;
}, 180_000);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([...running].map((child) => ended(child)));
  await env.teardown();
  await fleet.process.stop();
  await program.dispose();
}, 60_000);

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  running.delete(child);
}

function stepOf({ action }: CrashCase, replica: string | undefined): PlannedStep {
  return {
    ...{ id: `1-${action}`, action, target: { service: 'chat', replica }, autonomy: 'auto' },
    ...{ settleMs: 50, timeoutMs: 60_000, retries: 4, irreversible: undefined },
  };
}

function inputOf(one: CrashCase, replica: string | undefined): RecoveryInput {
  const violation = slowReplica({ replica, severity: 'major' });
  return {
    // Nobody's: what a recovery tells an incident that is gone is lost, and stops nothing.
    incidentId: 'incident:none',
    violation,
    uiBase: '',
    plan: {
      ...{ procedure: 'latency_spike', workflowType: 'latencySpikeRecovery', why: 'a test' },
      steps: [stepOf(one, replica)],
      ...{ timeoutMs: 150_000, approvalTimeoutMs: 1_000, onApprovalTimeout: 'skip' },
      asksBeforeRollback: false,
      limits: { maxConcurrent: 9, maxTogether: 1, maxPerHour: 1_000, cooldownMs: 0 },
      verification: {
        ...{ metric: violation.metric, target: { service: 'chat', replica }, timeoutMs: 20_000 },
        rule: {
          ...{ limit: 250, direction: 'upper', before: 600, minSamples: 5 },
          ...{ compliantPercent: 80, holdMs: 200, worsePercent: 20 },
        },
      },
    },
  };
}

function settingsOf(
  taskQueue: string,
  dies: CrashWorkerSettings['dies'],
  judged: string | undefined,
): CrashWorkerSettings {
  const { gateway, supervisor, replicas } = fleet.process;
  return {
    ...{ address: env.address, taskQueue, dies, codePath: workflowBundle().codePath },
    runtime: `127.0.0.1:${gateway.runtime.port}`,
    supervisor: supervisor.url,
    engines: Object.fromEntries(replicas.map(({ name, url }) => [name, url])),
    ...(judged === undefined ? {} : { judged }),
  };
}

/** A worker in a process of its own, for the one that is killed. */
function startVictim(settings: CrashWorkerSettings): ChildProcess {
  const child = program.start(JSON.stringify(settings));
  child.stderr?.resume();
  running.add(child);
  return child;
}

/** The worker that goes on, while `run` runs; here, since nothing happens to it. */
async function withSurvivor<T>(settings: CrashWorkerSettings, run: () => Promise<T>): Promise<T> {
  const activities = createCrashActivities(settings, env.client, {
    armed: (port) => port,
    beforeFence: () => undefined,
  });
  const { taskQueue } = settings;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    workflowBundle: workflowBundle(),
    ...{ taskQueue, activities, maxHeartbeatThrottleInterval: '100ms' },
    stickyQueueScheduleToStartTimeout: '1s',
  });
  return worker.runUntil(run);
}

async function begin(one: CrashCase, taskQueue: string, replica: string | undefined) {
  return env.client.workflow.start<(input: RecoveryInput) => Promise<RecoveryResult>>(
    'latencySpikeRecovery',
    {
      ...{ workflowId: `recovery-${one.name}-${replica ?? taskQueue}`, taskQueue },
      args: [inputOf(one, replica)],
    },
  );
}

/** Runs one step, whose first worker dies as told. */
async function runStep(
  one: CrashCase,
  replica: string | undefined,
  moment: Moment,
  taskQueue = `${one.name}-${moment}`,
): Promise<RecoveryResult> {
  const victim = startVictim(settingsOf(taskQueue, { moment, effect: one.effect }, replica));
  const handle = await begin(one, taskQueue, replica);
  await ended(victim);
  expect(victim.signalCode).toBe('SIGKILL');
  return withSurvivor(settingsOf(taskQueue, 'never', replica), () => handle.result());
}

function expectRecovered({ outcome, steps }: RecoveryResult): void {
  expect(steps.map(({ state, line }) => [state, line])).toEqual([
    ['recovered', expect.any(String)],
  ]);
  expect(outcome).toBe('recovered');
}

describe.each(REPLICA_CASES)('$name, whose worker is killed', (one) => {
  it(
    'before, during or after its effect, takes effect once',
    async () => {
      const rows = MOMENTS.map((moment, index) => ({ moment, it: `engine-${index + 1}` }));
      for (const row of rows) await one.arrange?.(fleet, row.it);
      const mark = await fleet.mark();
      const results = await Promise.all(rows.map((row) => runStep(one, row.it, row.moment)));
      for (const result of results) expectRecovered(result);
      const expected = rows.flatMap((row) => one.effects(row.it));
      expect([...(await fleet.effectsSince(mark))].sort()).toEqual(expected.sort());
      for (const row of rows) {
        expect([row.moment, await one.check?.(fleet, row.it)]).toEqual([
          row.moment,
          one.check === undefined ? undefined : true,
        ]);
        await one.restore?.(fleet, row.it);
      }
    },
    CASE_MS,
  );
});

describe.each(SERVICE_CASES)('$name, whose worker is killed', (one) => {
  it.each(MOMENTS)(
    '%s its effect, takes effect once',
    async (moment) => {
      await one.arrange?.(fleet, ADDED);
      const mark = await fleet.mark();
      expectRecovered(await runStep(one, undefined, moment));
      expect([...(await fleet.effectsSince(mark))].sort()).toEqual(one.effects(ADDED));
      await one.restore?.(fleet, ADDED);
    },
    CASE_MS,
  );
});

describe('circuit_breaker_open, whose worker is killed', () => {
  it.each(MOMENTS)(
    '%s its effect, takes effect once',
    async (moment) => {
      const one = BREAKER_CASE;
      const replica = `engine-${MOMENTS.indexOf(moment) + 1}`;
      const mark = await fleet.mark();
      // Where breakers live: the one that it orders is served by the same workers.
      expectRecovered(await runStep(one, replica, moment, 'recovery'));
      expect(await fleet.effectsSince(mark)).toEqual(one.effects(replica));
      const breaker = breakerWorkflowId({ service: 'chat', replica });
      await env.client.workflow.getHandle(breaker).terminate('this case is over');
      await one.restore?.(fleet, replica);
    },
    CASE_MS,
  );
});

describe('an attempt that sleeps right before its effect', () => {
  it(
    'changes nothing when it wakes up after the next one was done',
    async () => {
      const [replica, taskQueue] = ['engine-2', 'sleeper'];
      const [one] = REPLICA_CASES;
      if (one === undefined) throw new Error('expected a case');
      const sleeper = startVictim(settingsOf(taskQueue, 'sleeps', replica));
      const handle = await begin(one, taskQueue, replica);
      const mark = await fleet.mark();
      await withSurvivor(settingsOf(taskQueue, 'never', replica), async () => {
        expectRecovered(await handle.result());
        expect(await fleet.effectsSince(mark)).toEqual(one.effects(replica));
        // Meanwhile a person has set it anew: what is so now must stay.
        await fleet.balancer.setWeight('engines', replica, 77);
        const settled = await fleet.effectsSince(mark);
        sleeper.kill('SIGCONT');
        sleeper.kill('SIGTERM');
        await ended(sleeper);
        expect(await fleet.effectsSince(mark)).toEqual(settled);
      });
      await one.restore?.(fleet, replica);
    },
    CASE_MS,
  );
});
