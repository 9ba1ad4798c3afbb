import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCoordination } from '../../src/compose/coordination.js';
import type { MetricCondition } from '../../src/domain/recovery/condition.js';
import {
  defineProcedure,
  plainStep,
  type Gate,
  type Procedure,
} from '../../src/domain/recovery/procedure.js';
import { NO_PREREQUISITES } from '../../src/domain/recovery/prerequisites.js';
import {
  incidentIdOf,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentResult,
  type IncidentView,
} from '../../src/workflows/messages.js';
import { OPERATOR_UPDATES } from '../../src/workflows/operator-messages.js';
import { createDevServerEnv } from '../support/temporal.js';
import { FakeFleet, slowReplica } from './fake-world.js';
import { recordHistories } from './record-histories.js';
import { runWithWorkers } from './run-with-workers.js';

Runtime.install({
  logger: new DefaultLogger(process.env['TEST_LOG'] === undefined ? 'WARN' : 'INFO'),
});

let env: TestWorkflowEnvironment;
let fleet: FakeFleet;
beforeEach(async () => {
  fleet = new FakeFleet();
  env = await createDevServerEnv();
});
afterEach(async ({ task }) => {
  await recordHistories(env, task.name);
  await env.teardown();
});

const p95 = (bounds: { below?: number; above?: number }): MetricCondition => ({
  ...{ metric: 'request_latency_p95', of: 'target', overMs: 2_000 },
  below: bounds.below,
  above: bounds.above,
});
const gated = (gate: Gate) => ({ ...plainStep('load_balancer_adjust'), gates: [gate] });

const PLAIN: Parameters<typeof defineProcedure>[0] = {
  name: 'own',
  description: 'of these tests',
  steps: [plainStep('load_balancer_adjust')],
  ...{ timeoutMs: 60_000, retries: 1, leastSeverity: 'minor', violationTypes: ['latency_breach'] },
};
const own = (given: Partial<typeof PLAIN>): Procedure => defineProcedure({ ...PLAIN, ...given });

/** Runs an incident of the slow replica with that procedure alone, until the work is done. */
async function withProcedure(
  procedure: Procedure,
  run: (handle: Awaited<ReturnType<typeof start>>) => Promise<void>,
): Promise<void> {
  const world = { ...fleet.world(createCoordination(env.client)), procedures: [procedure] };
  await runWithWorkers(env, world, async () => {
    const handle = await start();
    await run(handle);
    fleet.latencyOf = () => 110;
    fleet.note();
    await handle.signal(resolvedSignal, { atMs: Date.now(), value: 110, why: 'back inside' });
    await handle.result();
  });
}

function start() {
  const violation = slowReplica();
  const input: IncidentInput = { violation, source: 'detector', uiBase: '', evidence: undefined };
  return env.client.workflow.start<(given: IncidentInput) => Promise<IncidentResult>>('incident', {
    workflowId: incidentIdOf(violation.fingerprint),
    taskQueue: 'recovery',
    args: [input],
  });
}

async function until(
  handle: Awaited<ReturnType<typeof start>>,
  is: (view: IncidentView) => boolean,
): Promise<IncidentView> {
  for (;;) {
    const view = await handle.query(stateQuery);
    if (is(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Slow by its share of the load, or whatever is done. */
function throttle(relieves = true): void {
  fleet.latencyOf = (s) => (s.name === 'engine-2' && !(relieves && s.weight <= 25) ? 600 : 110);
  fleet.noteForEver();
}

describe('a custom procedure', () => {
  it('runs as customRecovery, with its parameters, and behind its gates', async () => {
    throttle();
    const step = gated({
      ...{ kind: 'require', condition: p95({ above: 500 }), withinMs: 0, otherwise: 'stop' },
    });
    const procedure = own({
      steps: [
        {
          ...step,
          parameters: { weightPercent: 25 },
          gates: [{ kind: 'wait', forMs: 50 }, ...step.gates],
        },
      ],
    });
    await withProcedure(procedure, async (handle) => {
      await until(handle, (v) => v.outcome === 'recovered');
      const child = env.client.workflow.getHandle(`recovery:${handle.workflowId}:1`);
      expect((await child.describe()).type).toBe('customRecovery');
    });
    expect(fleet.effects).toEqual(['engine-2 weight 25', 'engine-2 weight 100']);
    expect(fleet.lines.filter((l) => l.stage === 'gate').map((l) => l.text)).toEqual([
      'before load_balancer_adjust: waiting 0.05 s',
      'before load_balancer_adjust: request_latency_p95 of the target above 500 over 2 s holds',
    ]);
  });

  it('ends its steps at a gate that stops it, and goes on with those for a failure', async () => {
    throttle();
    const stop = gated({
      ...{ kind: 'require', condition: p95({ below: 200 }), withinMs: 100, otherwise: 'stop' },
    });
    const procedure = own({
      steps: [stop, plainStep('load_balancer_adjust')],
      onFailure: [plainStep('traffic_routing')],
    });
    await withProcedure(procedure, async (handle) => {
      const view = await until(handle, (v) => v.outcome === 'recovered');
      expect(view.steps.map((s) => [s.action, s.state])).toEqual([
        ['load_balancer_adjust', 'skipped'],
        ['load_balancer_adjust', 'skipped'],
        ['traffic_routing', 'recovered'],
      ]);
      expect(view.steps[0]?.line).toContain('stopped: required request_latency_p95 of the target');
    });
    expect(fleet.effects).toEqual(['engine-2 drain', 'engine-2 ready']);
  });

  it('asks at a gate, and leaves the step out on a no', async () => {
    throttle();
    const question = {
      kind: 'ask',
      question: 'Now?',
      timeoutMs: 20_000,
      onTimeout: 'skip',
    } as const;
    const procedure = own({ steps: [gated(question), plainStep('traffic_routing')] });
    await withProcedure(procedure, async (handle) => {
      const asked = await until(handle, (v) => v.waiting !== undefined);
      expect(asked.waiting).toMatchObject({ line: 'Now?', onTimeout: 'skip' });
      await handle.executeUpdate(OPERATOR_UPDATES.deny, {
        args: [{ by: 'ada', reason: 'not yet' }],
      });
      const view = await until(handle, (v) => v.outcome === 'recovered');
      expect(view.steps[0]).toMatchObject({
        state: 'skipped',
        line: '“Now?”: deny by ada: not yet',
      });
    });
    expect(fleet.effects).toEqual(['engine-2 drain', 'engine-2 ready']);
  });

  it('is refused with why while its prerequisites are not met', async () => {
    throttle();
    const server = fleet.servers.get('engine-3');
    if (server === undefined) throw new Error('there is an engine-3');
    fleet.servers.set('engine-3', { ...server, isUp: false });
    const prerequisites = { ...NO_PREREQUISITES, healthyReplicas: 3 };
    await withProcedure(own({ prerequisites }), async (handle) => {
      const view = await until(handle, (v) => v.state === 'escalated');
      expect(view.why).toBe('own is refused, it needs at least 3 replicas in full service: 2 are');
      expect(view.outcome).toBe('refused');
      expect(fleet.effects).toEqual([]);
    });
    expect(fleet.effects).toEqual([]);
  });

  it('keeps what is to be kept, while it rolls the rest back', async () => {
    throttle(false);
    const procedure = own({
      steps: [{ ...plainStep('load_balancer_adjust'), isKept: true }, plainStep('traffic_routing')],
    });
    // Taken out of service it would not be measured any more: the service is judged by its peers.
    fleet.latencyOf = () => 600;
    fleet.note();
    await withProcedure(procedure, async (handle) => {
      const view = await until(
        handle,
        (v) => v.state === 'escalated' || v.outcome === 'rolled-back',
      );
      expect(view.outcome).toBe('rolled-back');
    });
    expect(fleet.effects).toEqual(['engine-2 weight 5', 'engine-2 drain', 'engine-2 ready']);
    expect(fleet.lines.some((l) => l.stage === 'kept' && l.text.includes('weight 100'))).toBe(true);
  });
});
