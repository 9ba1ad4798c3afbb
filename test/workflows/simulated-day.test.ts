import v8 from 'node:v8';
import vm from 'node:vm';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, type WorkerOptions } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { resolvedSignal, incidentIdOf, type IncidentInput } from '../../src/workflows/messages.js';
import { createTimeSkippingEnv } from '../support/temporal.js';
import { slowReplica, type FakeFleet } from './fake-world.js';
import { ManyServices } from './many-services.js';
import { runWithWorkers } from './run-with-workers.js';
import {
  followServerTime,
  letTimePass,
  passUntil,
  skippingCoordination,
  tellingTime,
  untilTold,
} from './skipped-time.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/**
 * In CI an hour with a few; SIMULATED_HOURS=24 SIMULATED_INCIDENTS=1000 SIMULATED_SERVICES=16 for a whole
 * day. Each service has one at a time, all services at the same time.
 */
const HOURS = Number(process.env['SIMULATED_HOURS'] ?? 1);
const INCIDENTS = Number(process.env['SIMULATED_INCIDENTS'] ?? 12);
const SERVICES = Number(process.env['SIMULATED_SERVICES'] ?? 3);
/** Temporal itself ends a history at 51,200 events, and warns from 10,240 on. */
const MOST_EVENTS = 10_000;
const MEBIBYTE = 2 ** 20;

async function eventsOf(env: TestWorkflowEnvironment, workflowId: string): Promise<number> {
  try {
    const { historyLength } = await env.client.workflow.getHandle(workflowId).describe();
    return historyLength;
  } catch (error) {
    // No procedure was started.
    if (error instanceof WorkflowNotFoundError) return 0;
    throw error;
  }
}

/** A full garbage collection, so that what is resident is what is kept. */
function collect(): void {
  v8.setFlagsFromString('--expose-gc');
  (vm.runInNewContext('gc') as () => void)();
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

it('lives through days of incidents with short histories and flat memory', async () => {
  const env = await createTimeSkippingEnv();
  onTestFinished(() => env.teardown());
  const tellTime = followServerTime();
  // Asked by signal: that server hands an update that comes between two signals over before both, and a
  // worker that has to replay it after both.
  const coordination = { ...skippingCoordination(env), askTurn: () => Promise.resolve(undefined) };
  const many = new ManyServices(coordination, { maxConcurrent: SERVICES });
  const names = Array.from({ length: SERVICES }, (_, i) => `service-${i + 1}`);
  const fleets = names.map((name) => many.add(name, {}));
  const following: Partial<WorkerOptions> = { maxCachedWorkflows: 50, ...tellingTime(tellTime) };
  const longest = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const resident: number[] = [];
  const rounds = Math.ceil(INCIDENTS / SERVICES);
  const everyMs = (HOURS * 3_600_000) / rounds;
  const note = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const kind = id.split(':')[0]!;
      longest.set(kind, Math.max(longest.get(kind) ?? 0, await eventsOf(env, id)));
    }
  };
  /** Lets time pass until it is so of all. */
  const untilAll = async <T>(all: readonly T[], is: (one: T) => Promise<boolean>) => {
    while (!(await Promise.all(all.map(is))).every(Boolean)) await letTimePass(env);
  };
  const startedMs = await env.currentTimeMs();
  await runWithWorkers(
    env,
    many.world,
    async () => {
      await env.client.workflow.start('monitor', { workflowId: 'monitor', taskQueue: 'recovery' });
      for (let round = 0; round < rounds; round++) {
        tellTime(await env.currentTimeMs());
        const open = await Promise.all(
          fleets.map(async (fleet, index) => {
            const isCurable = (round * SERVICES + index) % 5 !== 1;
            // One slow replica is cured by taking its load off; all of them are not.
            fleet.latencyOf = (s) =>
              !isCurable || (s.name === 'engine-2' && s.weight > 25) ? 600 : 110;
            fleet.note();
            return { fleet, isCurable, handle: await startIncident(env, names[index]!) };
          }),
        );
        await untilAll(open, ({ handle, isCurable }) => {
          // As archived: each query would cost a task, and this server loses count of its holds by them.
          const kept = many.ledger.records.findLast(({ id }) => id === handle.workflowId);
          const isRecovered = kept?.outcome === 'recovered';
          return Promise.resolve(kept?.outcome !== undefined && isRecovered === isCurable);
        });
        // What the detector would see.
        for (const { fleet, handle } of open) {
          fleet.latencyOf = () => 110;
          fleet.note();
          await handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'back inside' });
        }
        await untilAll(
          open,
          async ({ handle }) => (await handle.describe()).status.name !== 'RUNNING',
        );
        for (const { fleet, handle, isCurable } of open) {
          const { outcome } = (await handle.result()) as { outcome: string };
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          if (isCurable) expect(outcome).toBe('recovered');
          await note(handle.workflowId, `recovery:${handle.workflowId}:1`);
          expect([...fleet.servers.values()].map(({ weight }) => weight)).toEqual([100, 100, 100]);
          forget(fleet);
        }
        await untilTold(env, ...open.map(({ handle }) => handle));
        await note('lease', 'monitor');
        await passUntil(env, startedMs + (round + 1) * everyMs);
        collect();
        resident.push(process.memoryUsage.rss() / MEBIBYTE);
        forget(many.ledger);
        if (round % 10 === 9) console.log(`${(round + 1) * SERVICES} of ${INCIDENTS} incidents`);
      }
    },
    following,
  );
  const quarter = Math.ceil(rounds / 4);
  const early = median(resident.slice(quarter, 2 * quarter));
  const late = median(resident.slice(-quarter));
  const told = { outcomes: Object.fromEntries(outcomes), events: Object.fromEntries(longest) };
  const hours = ((await env.currentTimeMs()) - startedMs) / 3_600_000;
  console.log(`${hours.toFixed(1)} h, ${rounds * SERVICES} incidents:`, {
    ...told,
    residentMiB: [early, late],
  });
  expect(Math.max(...longest.values())).toBeLessThan(MOST_EVENTS);
  // Both workers, their workflows' contexts and this test live in this process.
  expect(late).toBeLessThan(1.25 * early + 20);
}, 7_200_000);

function startIncident(env: TestWorkflowEnvironment, service: string) {
  const fingerprint = `${service}:engine-2:request_latency_p95`;
  const violation = slowReplica({ service, fingerprint });
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start('incident', {
    workflowId: incidentIdOf(fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}

/** What this fake keeps for other tests to look at. */
function forget(fleet: FakeFleet): void {
  for (const kept of [fleet.effects, fleet.records, fleet.lines, fleet.audit, fleet.alerts]) {
    kept.length = 0;
  }
}
