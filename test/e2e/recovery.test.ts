import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../src/drill/score.js';
import { ATTRIBUTES, incidentIdOf } from '../../src/workflows/messages.js';
import { expectNineMetrics, ownLabels } from '../support/nine-metrics.js';
import { describeWithProgram } from '../support/programs.js';
import { PrometheusProcess } from '../support/prometheus.js';
import { FORCED_COMPLAINT, promtoolLint } from '../support/promtool.js';
import { eventually } from './eventually.js';
import type { AdminEntry } from './gateway.js';
import { Stack } from './stack.js';

/** The one threshold's limit: 200 ms and a quarter. */
const LIMIT_MS = 250;
const ID = incidentIdOf('chat:engine-2:request_latency_p95');
/** The window is 12 s; a busy machine makes the fault slower to show. */
const OPENS_WITHIN_MS = 60_000;
const STEP_WITHIN_MS = 60_000;
const CLOSES_WITHIN_MS = 120_000;
const TEST_MS = 300_000;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.prepare();
  await stack.start();
}, 180_000);

// It throws where a process is left behind.
afterAll(() => stack.stop(), 90_000);

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await stack.calm();
}, 180_000);

/** Breaks engine-2 by the real command, and waits for its incident. */
async function breakEngine2() {
  const startedAtMs = Date.now();
  const afterSeq = await stack.gateway.lastSeq();
  const fault = await stack.cli('fault', 'slow-replica', 'engine-2');
  expect(fault).toMatchObject({ code: 0, stderr: '' });
  const incident = await stack.openedAfter(startedAtMs, OPENS_WITHIN_MS, ID);
  return { afterSeq, incident };
}

/** Waits until engine-2 gets less than it had, as the gateway itself says. */
function weightLowered(everyMs = 150) {
  return eventually(
    () => stack.gateway.server('engine-2'),
    ({ weight }) => weight < 100,
    {
      what: 'engine-2’s weight lowered',
      withinMs: STEP_WITHIN_MS,
      everyMs,
      context: () => stack.output,
    },
  );
}

/** Ends the fault and waits until the incident is over and the gateway is as it was. */
async function mendAndClose() {
  expect((await stack.cli('fault', 'clear')).code).toBe(0);
  const closed = await stack.until(
    ID,
    'resolved',
    ({ state }) => state === 'resolved',
    CLOSES_WITHIN_MS,
  );
  expect(await stack.gateway.server('engine-2')).toEqual({ weight: 100, admin: 0 });
  return closed;
}

/** Weights that commands have set for engine-2, in order. */
function weightsSet(log: readonly AdminEntry[]): number[] {
  return log.flatMap(({ command }) => {
    const match = /^set (?:server|weight) engines\/engine-2 (?:weight )?(\d+)/.exec(command);
    return match === null ? [] : [Number(match[1])];
  });
}

describe('one incident from its start to its end', () => {
  it(
    'is opened, repaired at the gateway, explained, released and closed',
    async () => {
      const { afterSeq, incident } = await breakEngine2();
      expect(incident).toMatchObject({
        service: 'chat',
        replica: 'engine-2',
        threshold: 'request_latency_p95',
        procedure: expect.toBeOneOf([null, 'latency_spike']) as unknown,
      });
      const { weight } = await weightLowered();

      const verified = await stack.until(
        ID,
        'verified',
        ({ outcome }) => outcome === 'recovered',
        STEP_WITHIN_MS,
      );
      expect(verified.steps).toMatchObject([
        { action: 'cache_invalidation', state: 'skipped' },
        { action: 'load_balancer_adjust', state: 'recovered', target: { replica: 'engine-2' } },
        { action: 'traffic_routing', state: 'skipped' },
      ]);
      expect(verified.owed).toMatchObject([{ action: 'load_balancer_adjust' }]);
      // What paramedic says is true of the world: the replica is slow still, the service is not.
      expect(await stack.gateway.p95Over(4_000)).toBeLessThanOrEqual(LIMIT_MS);

      const explained = await stack.until(
        ID,
        'a probable cause',
        ({ probableCause }) => probableCause !== null,
        STEP_WITHIN_MS,
      );
      expect(explained.probableCause).toContain('engine-2');
      const report = await stack.api(`/v1/incidents/${encodeURIComponent(ID)}/report`);
      expect(JSON.stringify(report)).toContain('engine-2');

      const closed = await mendAndClose();
      expect(closed).toMatchObject({ outcome: 'recovered', procedure: 'latency_spike', owed: [] });
      expect(Date.parse(closed.resolvedAt ?? '')).toBeGreaterThan(Date.parse(closed.openedAt));
      const stages = closed.timeline.map(({ stage }) => stage);
      expect(stages).toEqual(
        expect.arrayContaining(['violation', 'plan', 'changed', 'verified', 'released', 'cause']),
      );
      expect(stages.at(-1)).toBe('closed');
      // Lowered once, released once, and nothing else was touched.
      const log = await stack.gateway.adminLog(afterSeq);
      expect(weightsSet(log)).toEqual([weight, 100]);
      expect(log).toHaveLength(2);
    },
    TEST_MS,
  );

  it('told its story, with what it tried and changed, on standard output', () => {
    for (const told of [
      /breach +request_latency_p95 of engine-2/,
      /violation +request_latency_p95 of engine-2 is \d+.* ms, above its limit of 250\.0/,
      /changed +load_balancer_adjust: weight of engines\/engine-2 100 → \d+/,
      /verified +load_balancer_adjust: request_latency_p95 \d+/,
      /cause +engine-2/,
      /closed +the violation is gone/,
    ]) {
      expect(stack.output).toMatch(told);
    }
  });

  it('is in Temporal with search attributes and readable summaries', async () => {
    const connection = await Connection.connect({ address: `127.0.0.1:${stack.ports.temporal}` });
    try {
      const client = new Client({ connection, namespace: 'paramedic' });
      const incident = await client.workflow.getHandle(ID).describe();
      expect(incident).toMatchObject({ type: 'incident', status: { name: 'COMPLETED' } });
      const found = Object.values(ATTRIBUTES).map((key) => [
        key.name,
        incident.typedSearchAttributes.get(key as (typeof ATTRIBUTES)['service']),
      ]);
      expect(Object.fromEntries(found)).toMatchObject({
        Service: 'chat',
        Replica: 'engine-2',
        Threshold: 'request_latency_p95',
        ViolationType: 'latency_breach',
        Stage: 'resolved',
        Outcome: 'recovered',
        Procedure: 'latency_spike',
        AwaitingApproval: false,
      });
      expect(await incident.staticSummary()).toMatch(
        /^request_latency_p95 of engine-2: \d+(\.\d+)? > 250\.0 ms \((minor|major|critical)\)$/,
      );
      const recovery = await client.workflow.getHandle(`recovery:${ID}:1`).describe();
      expect(recovery.type).toBe('latencySpikeRecovery');
      expect(await recovery.staticSummary()).toBe('latency_spike for engine-2');
      const analysis = await client.workflow.getHandle(`rca:${incident.runId}`).describe();
      expect(analysis).toMatchObject({ type: 'rootCauseAnalysis', taskQueue: 'rca' });
    } finally {
      await connection.close();
    }
  });
});

describe('what scripts read', () => {
  it('lists incidents as documented, and nothing else', async () => {
    const { code, stdout } = await stack.cli('incidents', '--json');
    expect(code).toBe(0);
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    expect(JSON.parse(stdout)).toEqual({
      incidents: [
        {
          id: ID,
          state: 'resolved',
          outcome: 'recovered',
          service: 'chat',
          replica: 'engine-2',
          threshold: 'request_latency_p95',
          severity: expect.toBeOneOf(['minor', 'major', 'critical']) as unknown,
          openedAt: instant,
          resolvedAt: instant,
          procedure: 'latency_spike',
          probableCause: expect.stringContaining('engine-2') as unknown,
        },
      ],
    });
  });

  it('filters them by state, and refuses a state that there is none of', async () => {
    const open = await stack.cli('incidents', '--state', 'open', '--json');
    expect(JSON.parse(open.stdout)).toEqual({ incidents: [] });
    const wrong = await stack.cli('incidents', '--state', 'broken');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('query.state');
  });

  it('shows one incident by its full and by its short name', async () => {
    const shown = await stack.cli('incident', ID, '--json');
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id: ID,
      state: 'resolved',
      steps: [{}, { action: 'load_balancer_adjust', state: 'recovered' }, {}],
      owed: [],
      waiting: null,
      uiUrl: expect.stringContaining(encodeURIComponent(ID)) as unknown,
    });
    expect(shown.stdout).toContain('"stage": "cause"');
    const short = await stack.cli('incident', ID.replace('incident:', ''), '--json');
    expect((JSON.parse(short.stdout) as { id: string }).id).toBe(ID);
    const missing = await stack.cli('incident', 'chat:nobody');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('no incident is named "chat:nobody"');
  });

  it('says what is watched, and which processes run', async () => {
    const { code, stdout } = await stack.cli('status', '--json');
    const status = JSON.parse(stdout) as {
      health: { status: string };
      detector: { targets: { isUp: boolean; url: string }[] };
      processes: { name: string; alive: boolean }[];
    };
    expect(status.health).toMatchObject({ status: 'healthy', active_violations: 0, problems: [] });
    expect(code).toBe(0);
    expect(status.detector.targets).toHaveLength(5);
    expect(status.detector.targets.every(({ isUp }) => isUp)).toBe(true);
    expect(status.processes.map(({ name }) => name)).toEqual([
      'detector',
      'fleet',
      'server',
      'temporal',
      'worker',
    ]);
  });

  it('serves the design document’s endpoints, with its fields', async () => {
    const health = (await stack.api('/health/production')) as Record<string, unknown>;
    expect(health).toStrictEqual({
      status: 'healthy',
      sla_compliance: expect.any(Number) as unknown,
      active_violations: 0,
      circuit_breakers: {
        ...{ aphrodite_engine: 'closed', model_inference: 'closed' },
        ...{ kv_cache: 'closed', deep_tree_echo: 'closed' },
      },
      problems: [],
      health_checks: expect.any(Object) as unknown,
    });
    expect(health['sla_compliance']).toSatisfy((percent: number) => percent > 0 && percent <= 100);
    const summary = (await stack.api('/metrics/summary')) as { total_alerts_24h: number };
    expect(summary).toStrictEqual({
      monitoring_mode: expect.toBeOneOf(['normal', 'high_alert', 'emergency']) as unknown,
      total_alerts_24h: expect.any(Number) as unknown,
      recovery_success_rate: 100,
      rca_analyses_24h: 1,
    });
    // Its violation, the recovery's result and its end at least.
    expect(summary.total_alerts_24h).toBeGreaterThanOrEqual(3);
  });
});

describeWithProgram('prometheus', 'what a real Prometheus scrapes of it', (program) => {
  it('is the nine metrics with their labels and what happened, and promtool takes it', async () => {
    const server = `127.0.0.1:${stack.ports.server}`;
    const prometheus = await PrometheusProcess.start(program, {
      scrape_configs: [
        { job_name: 'paramedic', scrape_interval: '1s', static_configs: [{ targets: [server] }] },
      ],
    });
    try {
      // The worker's part is sent to the server every few seconds.
      await eventually(
        () => prometheus.instant('rca_analyses_total == 1'),
        (found) => found.length === 1,
        { what: 'the analysis in Prometheus', withinMs: STEP_WITHIN_MS },
      );
      await expectNineMetrics(prometheus);
      const counted = async (expression: string) =>
        (await prometheus.instant(`${expression} > 0`)).map((one) => [
          ownLabels(one),
          one.value[1],
        ]);
      const ran = { procedure: 'latency_spike', status: 'recovered' };
      expect(await counted('sum by (type) (sla_violations_total)')).toEqual([
        [{ type: 'latency_breach' }, '1'],
      ]);
      expect(await counted('recovery_executions_total')).toEqual([[ran, '1']]);
      expect(await counted('recovery_duration_seconds_count')).toEqual([
        [{ procedure: 'latency_spike' }, '1'],
      ]);
      expect(await counted('rca_duration_seconds_count')).toEqual([[{}, '1']]);
      expect(await counted('rca_correlations_found_count')).toEqual([[{}, '1']]);
      expect((await counted('sla_threshold_breaches')).map(([labels]) => labels)).toEqual([
        { metric: 'request_latency_p95' },
      ]);
    } finally {
      await prometheus.stop();
    }
    const page = await fetch(`http://${server}/metrics`);
    expect(promtoolLint(await page.text())).toEqual([FORCED_COMPLAINT]);
  });
});

describe('the other commands of the documentation', () => {
  it.each([
    { args: ['thresholds'], says: /request_latency_p95/ },
    { args: ['reload'], says: /\S/ },
    { args: ['rca', ID], says: /engine-2/ },
    { args: ['plan', 'latency_spike', 'chat/engine-2'], says: /Nothing was changed\.$/ },
    { args: ['kill-switch', 'on', '--by', 'ada'], says: /no recovery changes anything now/ },
    { args: ['kill-switch', 'off', '--by', 'ada'], says: /recoveries may act again/ },
    { args: ['fault'], says: /slow-replica/ },
  ])('$args changes nothing at the gateway', async ({ args, says }) => {
    const afterSeq = await stack.gateway.lastSeq();
    const { code, stdout, stderr } = await stack.cli(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toMatch(says);
    expect(await stack.gateway.adminLog(afterSeq)).toEqual([]);
  });
});

describe('abort during the recovery', () => {
  it(
    'puts the weight back, and refuses to be asked twice',
    async () => {
      const { afterSeq } = await breakEngine2();
      const { weight } = await weightLowered();
      const first = await stack.cli('abort', ID, '--by', 'ada', '--reason', 'I do it by hand');
      expect(first).toMatchObject({ code: 0, stderr: '' });
      const second = await stack.cli('abort', ID, '--by', 'ada');
      expect(second).toMatchObject({ code: 1, stdout: '' });
      expect(second.stderr).toContain('being aborted already');

      const aborted = await stack.until(
        ID,
        'aborted',
        ({ outcome }) => outcome === 'aborted',
        STEP_WITHIN_MS,
      );
      expect(aborted.owed).toEqual([]);
      expect(await stack.gateway.server('engine-2')).toEqual({ weight: 100, admin: 0 });
      expect(aborted.timeline.map(({ text }) => text).join('\n')).toContain('ada');

      const closed = await mendAndClose();
      expect(closed.outcome).toBe('aborted');
      // The fault was there until the end: nobody acted on it again after the abort.
      expect(weightsSet(await stack.gateway.adminLog(afterSeq))).toEqual([weight, 100]);
      const late = await stack.cli('abort', ID);
      expect(late.code).toBe(1);
      expect(late.stderr).toMatch(/is not open|nothing can be done/);

      const { audit } = (await stack.api('/v1/audit')) as { audit: Record<string, unknown>[] };
      expect(audit.map(({ who, what, outcome }) => ({ who, what, outcome }))).toEqual(
        expect.arrayContaining([
          { who: 'ada', what: 'abort', outcome: 'accepted' },
          { who: 'ada', what: 'abort', outcome: 'refused' },
        ]),
      );
    },
    TEST_MS,
  );
});

describe('kill -9 of the worker in the middle of a step', () => {
  it(
    'goes on after the restart, and doubles no effect',
    async () => {
      const { afterSeq } = await breakEngine2();
      const returns = () => (stack.output.match(/worker is back as process \d+/g) ?? []).length;
      const returnsBefore = returns();
      const killed = stack.pidOf('worker');
      // Right after the effect: Temporal may not even know yet that the step has acted.
      const { weight } = await weightLowered(10);
      process.kill(killed, 'SIGKILL');
      await eventually(
        () => stack.pidOf('worker'),
        (pid) => pid !== killed,
        { what: 'a new worker', withinMs: 60_000, context: () => stack.output },
      );
      // And again in the middle of the verification, as soon as it is back at work.
      await eventually(returns, (count) => count > returnsBefore, {
        what: 'the worker back',
        withinMs: 60_000,
        context: () => stack.output,
      });
      process.kill(stack.pidOf('worker'), 'SIGKILL');

      const recovered = await stack.until(
        ID,
        'recovered after the restart',
        ({ outcome }) => outcome === 'recovered',
        2 * STEP_WITHIN_MS,
      );
      expect(recovered.steps.find(({ action }) => action === 'load_balancer_adjust')?.state).toBe(
        'recovered',
      );
      expect(await stack.gateway.p95Over(4_000)).toBeLessThanOrEqual(LIMIT_MS);
      const closed = await mendAndClose();
      expect(closed.outcome).toBe('recovered');

      const log = await stack.gateway.adminLog(afterSeq);
      expect(weightsSet(log)).toEqual([weight, 100]);
      expect(log.filter(({ changed }) => !changed)).toEqual([]);
      expect(stack.output).toMatch(/worker \(process \d+\) died: SIGKILL; restarting/);
    },
    TEST_MS,
  );
});

describe('a drill', () => {
  it(
    'breaks a replica, and says when it was found, acted on and mended, and what was named',
    async () => {
      const drill = await stack.cli(
        'drill',
        'slow-replica',
        '--replica',
        'engine-3',
        '--within',
        '45s',
        '--calm',
        '5s',
        '--json',
      );
      expect(drill.code, drill.stderr).toBe(0);
      const { drills, confusion, failure } = JSON.parse(drill.stdout) as {
        drills: DrillResult[];
        confusion: unknown;
        failure: unknown;
      };
      expect(failure).toBeNull();
      expect(drills).toMatchObject([
        {
          ...{ fault: 'slow-replica', replica: 'engine-3', falseActions: [], isRight: true },
          named: { replica: 'engine-3' },
          expected: { replica: 'engine-3' },
        },
      ]);
      const [{ seconds, incidents } = { seconds: undefined, incidents: [] }] = drills;
      const { detected, acted, recovered } = seconds ?? {};
      expect(incidents).toContain(incidentIdOf('chat:engine-3:request_latency_p95'));
      expect(detected).toBeGreaterThan(0);
      expect(acted).toBeGreaterThanOrEqual(detected ?? Infinity);
      expect(recovered).toBeGreaterThan(acted ?? Infinity);
      expect(confusion).toMatchObject({ right: 1, total: 1 });
      // It has taken back what it broke.
      expect(await stack.gateway.server('engine-3')).toEqual({ weight: 100, admin: 0 });
      expect(await stack.gateway.p95Over(2_000)).toBeLessThanOrEqual(LIMIT_MS);
    },
    TEST_MS,
  );
});
