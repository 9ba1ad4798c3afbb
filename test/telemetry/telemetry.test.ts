import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { ArchiveStatistics } from '../../src/domain/archive.js';
import {
  BREAKER_STATES,
  createTelemetry,
  EXPOSITION_CONTENT_TYPE,
  mergeExpositions,
  seedTelemetry,
  type Telemetry,
  type TelemetryRole,
} from '../../src/telemetry.js';
import { FORCED_COMPLAINT, promtoolLint } from '../support/promtool.js';

const open: Telemetry[] = [];
afterEach(() => {
  for (const telemetry of open.splice(0)) telemetry.close();
});

function make(role: TelemetryRole): Telemetry {
  const telemetry = createTelemetry({ role, version: '1.2.3' });
  open.push(telemetry);
  return telemetry;
}

/** Records something in each of the nine, and in each of our own. */
function exercise({ sla, recovery, rca, detector, notify }: Telemetry): void {
  notify.tries.add({ channel: 'slack', result: 'delivered' });
  notify.duration.observe({ channel: 'slack' }, 0.2);
  notify.heartbeats.add({ result: 'sent' });
  sla.violations.add({ severity: 'major', type: 'latency_breach' });
  sla.complianceRate.set({}, 99.5);
  sla.thresholdBreaches.add({ metric: 'request_latency_p95' }, 4);
  recovery.executions.add({ procedure: 'latency_spike', status: 'recovered' });
  recovery.duration.observe({ procedure: 'latency_spike' }, 42);
  const breaker = { service: 'chat', replica: 'engine-2', kind: 'aphrodite_engine' } as const;
  recovery.breakerState.set(breaker, BREAKER_STATES.open);
  rca.analyses.add({});
  rca.duration.observe({}, 0.3);
  rca.correlationsFound.observe({}, 3);
  detector.scrapes.add({ result: 'ok' });
  detector.scrapeErrors.add({ reason: 'timeout' });
  detector.scrapeDuration.observe({}, 0.002);
  detector.samples.add({ result: 'accepted' }, 100);
  detector.evaluationDuration.observe({}, 0.0001);
  detector.dispatches.add({ kind: 'start', result: 'ok' });
  detector.dispatchLatency.observe({ kind: 'start' }, 0.02);
  detector.targetUp.set({ target: 'engine-2' }, 1);
}

const typesOf = (text: string) =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

describe('createTelemetry', () => {
  it.each([
    [
      'sla_violations_total',
      'counter',
      'sla_violations_total{severity="major",type="latency_breach"} 1',
    ],
    ['sla_compliance_rate', 'gauge', 'sla_compliance_rate 99.5'],
    ['sla_threshold_breaches', 'counter', 'sla_threshold_breaches{metric="request_latency_p95"} 4'],
    [
      'recovery_executions_total',
      'counter',
      'recovery_executions_total{procedure="latency_spike",status="recovered"} 1',
    ],
    [
      'recovery_duration_seconds',
      'histogram',
      'recovery_duration_seconds_bucket{procedure="latency_spike",le="60"} 1',
    ],
    [
      'circuit_breaker_state',
      'gauge',
      'circuit_breaker_state{service="chat",replica="engine-2",kind="aphrodite_engine"} 2',
    ],
    ['rca_analyses_total', 'counter', 'rca_analyses_total 1'],
    ['rca_duration_seconds', 'histogram', 'rca_duration_seconds_count 1'],
    ['rca_correlations_found', 'histogram', 'rca_correlations_found_bucket{le="5"} 1'],
  ])('exports %s as a %s', (name, type, line) => {
    const telemetry = make('all');
    exercise(telemetry);
    const text = telemetry.expose();
    expect(typesOf(text).get(name)).toBe(type);
    expect(text.split('\n')).toContain(line);
  });

  it('has no other names than the nine and its own', () => {
    const telemetry = make('all');
    exercise(telemetry);
    const names = [...typesOf(telemetry.expose()).keys()];
    expect(names.filter((name) => !name?.startsWith('paramedic_')).sort()).toEqual([
      'circuit_breaker_state',
      'rca_analyses_total',
      'rca_correlations_found',
      'rca_duration_seconds',
      'recovery_duration_seconds',
      'recovery_executions_total',
      'sla_compliance_rate',
      'sla_threshold_breaches',
      'sla_violations_total',
    ]);
    expect(names.filter((name) => name?.startsWith('paramedic_')).sort()).toEqual([
      'paramedic_build_info',
      'paramedic_dispatch_latency_seconds',
      'paramedic_dispatches_total',
      'paramedic_evaluation_duration_seconds',
      'paramedic_event_loop_lag_seconds',
      'paramedic_heartbeats_total',
      'paramedic_incident_duration_seconds',
      'paramedic_incidents_ended_total',
      'paramedic_notification_tries_total',
      'paramedic_notification_try_duration_seconds',
      'paramedic_process_cpu_seconds_total',
      'paramedic_process_heap_used_bytes',
      'paramedic_process_resident_memory_bytes',
      'paramedic_process_start_time_seconds',
      'paramedic_samples_total',
      'paramedic_scrape_duration_seconds',
      'paramedic_scrape_errors_total',
      'paramedic_scrapes_total',
      'paramedic_target_up',
    ]);
  });

  it.each<[TelemetryRole, string[], string[]]>([
    ['detector', ['sla_violations_total', 'paramedic_scrapes_total'], ['rca_analyses_total']],
    ['worker', ['rca_analyses_total', 'rca_duration_seconds'], ['sla_violations_total']],
    ['server', ['paramedic_build_info'], ['sla_violations_total', 'rca_analyses_total']],
  ])('as %s shows %j from the start, and not %j', (role, shown, hidden) => {
    const names = [...typesOf(make(role).expose()).keys()];
    expect(names).toEqual(expect.arrayContaining(shown));
    for (const name of hidden) expect(names).not.toContain(name);
  });

  it('starts every violation series at 0, and claims no compliance that nobody measured', () => {
    const text = make('detector').expose();
    expect(text.match(/^sla_violations_total\{.*\} 0$/gm)).toHaveLength(18);
    expect(text).not.toContain('sla_compliance_rate');
  });

  it('says what runs', () => {
    expect(make('server').expose()).toContain(
      `paramedic_build_info{version="1.2.3",node="${process.versions.node}"} 1\n`,
    );
  });

  it('measures its own process: CPU, memory, and a loop that was blocked', async () => {
    const telemetry = make('server');
    const valueOf = (name: string) =>
      Number(
        telemetry
          .expose()
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')
          .at(-1),
      );
    await new Promise((resolve) => setTimeout(resolve, 60));
    const cpuBefore = valueOf('paramedic_process_cpu_seconds_total');
    expect(cpuBefore).toBeGreaterThan(0);
    expect(valueOf('paramedic_process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(valueOf('paramedic_process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(valueOf('paramedic_event_loop_lag_seconds{stat="max"}')).toBeGreaterThan(0.25);
    expect(valueOf('paramedic_process_cpu_seconds_total')).toBeGreaterThan(cpuBefore);
  });

  it('names the content type that Prometheus wants', () => {
    expect(EXPOSITION_CONTENT_TYPE).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});

describe.skipIf(!hasPromtool)('promtool (apt-get install prometheus)', () => {
  it('complains of nothing but the name that the design document forces', () => {
    const telemetry = make('all');
    exercise(telemetry);
    expect(promtoolLint(telemetry.expose())).toEqual([FORCED_COMPLAINT]);
  });

  it('takes the union of roles', () => {
    const roles = (['detector', 'worker', 'server'] as const).map((role) => {
      const telemetry = make(role);
      exercise(telemetry);
      return { role, text: telemetry.expose() };
    });
    expect(promtoolLint(mergeExpositions(roles))).toEqual([FORCED_COMPLAINT]);
  });

  it('takes labels and help texts with everything that needs escaping', () => {
    const telemetry = make('server');
    const odd = telemetry.registry.gauge('paramedic_odd', 'a \\ and\na "line".', { t: 'bounded' });
    odd.set({ t: 'q"b\\n\n{},= 💬' }, NaN);
    odd.set({ t: 'inf' }, -Infinity);
    expect(promtoolLint(telemetry.expose())).toEqual([]);
  });

  it('would see a broken exposition', () => {
    expect(promtoolLint('a{x="1} 1\n').join()).toMatch(/error/i);
  });
});

describe('seedTelemetry', () => {
  const statistics: ArchiveStatistics = {
    incidentsOpened: 7,
    alertsSent: 0,
    recoveriesByOutcome: { recovered: 5 },
    reports: 6,
    violations: [{ severity: 'minor', violationType: 'error_rate_spike', count: 7 }],
    recoveries: [{ procedure: 'latency_spike', outcome: 'recovered', count: 5 }],
  };

  it('lets totals go on where the archive has them, and counting adds to them', () => {
    const telemetry = make('all');
    seedTelemetry(telemetry, statistics, ['sla', 'recovery', 'rca']);
    telemetry.rca.analyses.add({});
    const lines = telemetry.expose().split('\n');
    expect(lines).toContain('sla_violations_total{severity="minor",type="error_rate_spike"} 7');
    expect(lines).toContain('sla_violations_total{severity="major",type="error_rate_spike"} 0');
    expect(lines).toContain(
      'recovery_executions_total{procedure="latency_spike",status="recovered"} 5',
    );
    expect(lines).toContain('rca_analyses_total 7');
  });

  it('touches only the areas asked for', () => {
    const telemetry = make('worker');
    seedTelemetry(telemetry, statistics, ['recovery']);
    const text = telemetry.expose();
    expect(text).not.toContain('sla_violations_total');
    expect(text).toContain('rca_analyses_total 0\n');
  });
});
