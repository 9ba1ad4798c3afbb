import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import { AdapterError, type LoadBalancerServer } from '../../src/domain/ports.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import {
  incidentIdOf,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
  type IncidentView,
} from '../../src/workflows/messages.js';
import type { Violation } from '../../src/domain/sla/violation.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { recordHistories } from './record-histories.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const TEST_MS = 180_000;

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
beforeEach(async () => {
  fleet = new FakeFleet();
  env = await createDevServerEnv();
}, 120_000);
afterEach(async ({ task }) => {
  await recordHistories(env, task.name);
  await env.teardown();
}, 120_000);

type Handle = Awaited<ReturnType<typeof start>>;

function start(violation: Violation) {
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}

async function until(handle: Handle, is: (view: IncidentView) => boolean): Promise<IncidentView> {
  for (;;) {
    const view = await handle.query(stateQuery);
    if (is(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const resolve = (handle: Handle) =>
  handle.signal(resolvedSignal, { atMs: Date.now(), value: 1, why: 'back inside' });

function withWorkers<T>(run: () => Promise<T>, policy: Partial<RecoveryPolicy> = {}): Promise<T> {
  return runWithWorkers(
    env,
    fleet.world(createCoordination(env.client), policy, fleet.breakers),
    run,
  );
}

/** A violation of engine-2, of another kind than latency. */
function violated(
  change: Pick<Violation, 'violationType' | 'metric' | 'limit' | 'value' | 'direction'>,
): Violation {
  const threshold = change.metric;
  return slowReplica({ fingerprint: `chat:engine-2:${threshold}`, threshold, ...change });
}

const isOpen = (name: string) => fleet.opened.has(name);

interface Cure {
  readonly procedure: string;
  readonly violation: () => Violation;
  /** The SLI of a server while the fault is there. */
  readonly sick: (server: LoadBalancerServer) => number;
  readonly well: number;
  readonly steps: readonly (readonly [string, string])[];
  readonly effects: readonly string[];
  readonly released: readonly string[];
}

const CURES: readonly Cure[] = [
  {
    procedure: 'throughput_degradation',
    violation: () =>
      violated({
        ...{ violationType: 'throughput_degradation', metric: 'tokens_per_second' },
        ...{ limit: 80, value: 20, direction: 'lower' },
      }),
    sick: (s) => (s.name === 'engine-2' && s.weight > 50 ? 20 : 120),
    well: 120,
    steps: [
      ['scale_resources', 'refused'],
      ['load_balancer_adjust', 'recovered'],
      ['cache_invalidation', 'skipped'],
    ],
    effects: ['engine-2 weight 10'],
    released: ['engine-2 weight 100'],
  },
  {
    procedure: 'error_rate_spike',
    violation: () =>
      violated({
        ...{ violationType: 'error_rate_spike', metric: 'error_rate_percent' },
        ...{ limit: 0.5, value: 40, direction: 'upper' },
      }),
    sick: (s) => (s.name === 'engine-2' && !isOpen(s.name) ? 40 : 0.1),
    well: 0.1,
    steps: [
      ['circuit_breaker_open', 'recovered'],
      ['health_check_reset', 'skipped'],
      ['restart_service', 'skipped'],
      ['deployment_rollback', 'skipped'],
    ],
    effects: ['engine-2 breaker open: drain'],
    released: ['engine-2 breaker close: ready'],
  },
  {
    procedure: 'resource_exhaustion',
    violation: () =>
      violated({
        ...{ violationType: 'resource_exhaustion', metric: 'gpu_utilization_percent' },
        ...{ limit: 93.5, value: 130, direction: 'upper' },
      }),
    sick: (s) => (s.name === 'engine-2' ? 130 : 60),
    well: 60,
    steps: [
      ['scale_resources', 'refused'],
      ['cache_invalidation', 'skipped'],
      ['traffic_routing', 'recovered'],
    ],
    effects: ['engine-2 drain'],
    released: ['engine-2 ready'],
  },
  {
    procedure: 'critical_system',
    violation: () => slowReplica(),
    // Less weight and a drain do nothing; only an open circuit does.
    sick: () => (isOpen('engine-2') ? 110 : 600),
    well: 110,
    steps: [
      ['circuit_breaker_open', 'recovered'],
      ['traffic_routing', 'skipped'],
      ['restart_service', 'skipped'],
      ['deployment_rollback', 'skipped'],
    ],
    effects: [
      ...['engine-2 weight 5', 'engine-2 drain', 'engine-2 ready', 'engine-2 weight 100'],
      'engine-2 breaker open: drain',
    ],
    released: ['engine-2 breaker close: ready'],
  },
];

describe('each procedure', () => {
  it.each(CURES)(
    '$procedure cures, and releases what it changed',
    async (cure) => {
      const violation = cure.violation();
      fleet.metrics = [violation.metric];
      fleet.latencyOf = cure.sick;
      fleet.note();
      await withWorkers(async () => {
        const handle = await start(violation);
        const view = await until(handle, (v) => v.outcome === 'recovered');
        expect(view.procedure).toBe(cure.procedure);
        expect(view.steps.map((s) => [s.action, s.state])).toEqual(cure.steps);
        expect(fleet.effects).toEqual(cure.effects);
        fleet.latencyOf = () => cure.well;
        fleet.note();
        await resolve(handle);
        expect(await handle.result()).toMatchObject({
          outcome: 'recovered',
          procedure: cure.procedure,
        });
      });
      expect(fleet.effects).toEqual([...cure.effects, ...cure.released]);
    },
    TEST_MS,
  );
});

describe('an incident', () => {
  it(
    'ends as rollback-incomplete when an undo is refused, and says what a person must do',
    async () => {
      fleet.latencyOf = () => 600;
      fleet.note();
      fleet.beforeEffect = (effect) =>
        effect === 'engine-2 weight 100'
          ? Promise.reject(new AdapterError('rejected', 'the balancer is locked'))
          : Promise.resolve();
      await withWorkers(async () => {
        const handle = await start(slowReplica({ severity: 'major' }));
        const view = await until(handle, (v) => v.outcome !== undefined);
        expect(view.outcome).toBe('rollback-incomplete');
        expect(view.owed.map((o) => o.undoLine)).toEqual([
          'set server engines/engine-2 weight 100',
        ]);
        expect(view.timeline.map((l) => l.text).join('\n')).toContain(
          'a person must: set server engines/engine-2 weight 100',
        );
        // It may be undone once more when the violation is gone; then it is not refused.
        fleet.beforeEffect = () => Promise.resolve();
        fleet.latencyOf = () => 110;
        fleet.note();
        await resolve(handle);
        expect((await handle.result()).outcome).toBe('rollback-incomplete');
      });
      expect(fleet.servers.get('engine-2')).toMatchObject({ weight: 100, admin: 'ready' });
    },
    TEST_MS,
  );

  it(
    'ends without a recovery where no procedure is for its severity',
    async () => {
      fleet.latencyOf = () => 260;
      fleet.note();
      await withWorkers(async () => {
        const handle = await start(slowReplica({ severity: 'minor', value: 260 }));
        const view = await until(handle, (v) => v.state === 'escalated');
        expect(view.why).toContain('minor is below the least severity');
        await resolve(handle);
        expect((await handle.result()).outcome).toBe('none');
      });
      expect(fleet.effects).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'ends as refused where the budget of actions was used up until the violation was gone',
    async () => {
      fleet.latencyOf = () => 600;
      fleet.note();
      await withWorkers(
        async () => {
          const first = await start(slowReplica({ severity: 'major' }));
          await until(first, (v) => v.outcome === 'rolled-back');
          await resolve(first);
          await first.result();
          const before = [...fleet.effects];
          const second = await start(slowReplica({ severity: 'major' }));
          const view = await until(second, (v) => v.state === 'escalated');
          expect(view.why).toContain('budget: 1 recoveries within the hour, at most 1 are allowed');
          await resolve(second);
          expect((await second.result()).outcome).toBe('refused');
          expect(fleet.effects).toEqual(before);
        },
        { maxPerHour: 1 },
      );
    },
    TEST_MS,
  );
});
