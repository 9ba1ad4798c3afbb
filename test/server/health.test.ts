import { describe, expect, it } from 'vitest';
import { NEW_BREAKER, type Breaker } from '../../src/domain/recovery/breaker.js';
import type { BreakerKind } from '../../src/domain/recovery/breaker-kinds.js';
import type { Outcome } from '../../src/domain/archive.js';
import type { Mode } from '../../src/domain/monitor/mode.js';
import { NEW_MONITOR, viewOf } from '../../src/domain/monitor/monitor-state.js';
import type { Severity } from '../../src/domain/sla/severity.js';
import { createApp } from '../../src/server/app.js';
import type { BreakerStatusOf, DetectorStatus } from '../../src/server/detector-client.js';
import { alertRecord, incidentRecord, reportRecord } from '../adapters/archive/records.js';
import { slowReplica } from '../workflows/fake-world.js';
import { detectorStatus } from './detector-status.js';
import { serverParts } from './server-parts.js';

const NOW_MS = Date.UTC(2026, 0, 2, 10);
const HOUR_MS = 3_600_000;

const open = (...severities: Severity[]) =>
  severities.map((severity, i) => slowReplica({ severity, fingerprint: `chat:e${i}:p95` }));
const OPEN_BREAKER: Breaker = {
  ...{ ...NEW_BREAKER, status: 'open', epoch: 1, openedAtMs: NOW_MS, untilMs: NOW_MS + 1 },
};
function breaker(kind: BreakerKind, status: Breaker['status'], replica = 'e1'): BreakerStatusOf {
  const of = { target: { service: 'chat', replica }, kind };
  switch (status) {
    case 'closed':
      return { ...of, breaker: NEW_BREAKER };
    case 'half-open':
      return { ...of, breaker: { ...OPEN_BREAKER, status, successes: 0 } as Breaker };
    case 'open':
    case 'isolated':
      return { ...of, breaker: { ...OPEN_BREAKER, status } as Breaker };
  }
}

/** What an operator's request answers, over that detector; undefined for one that is away. */
async function ask(
  path: string,
  status: DetectorStatus | undefined,
  more: Parameters<typeof serverParts>[0] = {},
): Promise<Record<string, unknown>> {
  const parts = await serverParts({ nowMs: () => NOW_MS, ...more });
  const detector = { ...parts.detector, status: () => Promise.resolve(status) };
  const reply = await createApp({ ...parts, detector }).request(path);
  expect(reply.status).toBe(200);
  return (await reply.json()) as Record<string, unknown>;
}

describe('GET /health/production', () => {
  const CLOSED = {
    ...{ aphrodite_engine: 'closed', model_inference: 'closed' },
    ...{ kv_cache: 'closed', deep_tree_echo: 'closed' },
  };

  it('has the design document’s fields, and those of ours that are documented', async () => {
    const calm = detectorStatus(NOW_MS, { compliancePercent: 99.5 });
    expect(await ask('/health/production', calm)).toStrictEqual({
      status: 'healthy',
      sla_compliance: 99.5,
      active_violations: 0,
      circuit_breakers: CLOSED,
      problems: [],
      health_checks: {
        replicas: [],
        host: { load_per_core: 0, memory_used_percent: 0, disk_used_percent: 0 },
      },
    });
  });

  it.each<[string, DetectorStatus | undefined, string[], string, number]>([
    ['nothing open', detectorStatus(NOW_MS), [], 'healthy', 0],
    ['one open', detectorStatus(NOW_MS, { active: open('minor') }), [], 'degraded', 1],
    ['two', detectorStatus(NOW_MS, { active: open('major', 'minor') }), [], 'degraded', 2],
    [
      'three',
      detectorStatus(NOW_MS, { active: open('minor', 'minor', 'minor') }),
      [],
      'critical',
      3,
    ],
    ['one critical', detectorStatus(NOW_MS, { active: open('critical') }), [], 'critical', 1],
    ['a part away', detectorStatus(NOW_MS), ['Temporal does not answer'], 'degraded', 0],
    ['a detector away', undefined, [], 'degraded', 0],
  ])('status and active_violations with %s', async (_, detector, problems, status, active) => {
    const more = { problems: () => Promise.resolve(problems) };
    const health = await ask('/health/production', detector, more);
    expect([health['status'], health['active_violations']]).toEqual([status, active]);
    const told = detector === undefined ? ['the detector does not answer'] : problems;
    expect(health['problems']).toEqual(told);
  });

  it.each([
    [0, 0],
    [99.5, 99.5],
    [99.996, 100],
    [100, 100],
    [33.3333, 33.33],
  ])('sla_compliance of %d %% is %d', async (compliancePercent, said) => {
    const health = await ask('/health/production', detectorStatus(NOW_MS, { compliancePercent }));
    expect(health['sla_compliance']).toBe(said);
  });

  it.each<[string, BreakerStatusOf[], object]>([
    ['none was ever needed', [], {}],
    ['open', [breaker('aphrodite_engine', 'open')], { aphrodite_engine: 'open' }],
    ['half-open', [breaker('model_inference', 'half-open')], { model_inference: 'half_open' }],
    ['isolated, which lets nothing in', [breaker('kv_cache', 'isolated')], { kv_cache: 'open' }],
    [
      'the worst of several replicas counts',
      [
        breaker('deep_tree_echo', 'closed'),
        breaker('deep_tree_echo', 'open', 'e2'),
        breaker('deep_tree_echo', 'half-open', 'e3'),
      ],
      { deep_tree_echo: 'open' },
    ],
  ])('circuit_breakers: %s', async (_, breakers, expected) => {
    const health = await ask('/health/production', detectorStatus(NOW_MS, {}, { breakers }));
    expect(health['circuit_breakers']).toStrictEqual({ ...CLOSED, ...expected });
  });

  it('health_checks: the last of each replica, and the host', async () => {
    const checked = { service: 'chat', replica: 'e1', latencyMs: 12, detail: 'no answer' };
    const health = {
      replicas: [
        { ...checked, state: 'ill' as const, isServing: true, completes: false, atMs: NOW_MS },
        { ...checked, replica: 'e2', state: 'unknown' as const, atMs: NOW_MS },
      ],
      host: { loadPerCore: 0.5, memoryUsedPercent: 40, diskUsedPercent: 60 },
    };
    const body = await ask('/health/production', detectorStatus(NOW_MS, {}, { health }));
    const same = { service: 'chat', latency_ms: 12, detail: 'no answer' };
    const at = '2026-01-02T10:00:00.000Z';
    expect(body['health_checks']).toStrictEqual({
      replicas: [
        { ...same, replica: 'e1', state: 'ill', serving: true, completes: false, at },
        { ...same, replica: 'e2', state: 'unknown', serving: null, completes: null, at },
      ],
      host: { load_per_core: 0.5, memory_used_percent: 40, disk_used_percent: 60 },
    });
  });
});

describe('GET /metrics/summary', () => {
  it('has exactly the design document’s fields before anything happened', async () => {
    expect(await ask('/metrics/summary', detectorStatus(NOW_MS))).toStrictEqual({
      monitoring_mode: 'normal',
      total_alerts_24h: 0,
      recovery_success_rate: 100,
      rca_analyses_24h: 0,
    });
  });

  it.each<[Mode, string]>([
    ['normal', 'normal'],
    ['high-alert', 'high_alert'],
    ['emergency', 'emergency'],
    ['maintenance', 'maintenance'],
  ])('monitoring_mode of %s is %s', async (mode, word) => {
    const { monitor } = await serverParts();
    const view = () => Promise.resolve(viewOf({ ...NEW_MONITOR, mode }));
    const more = { monitor: { ...monitor, view } };
    const summary = await ask('/metrics/summary', detectorStatus(NOW_MS), more);
    expect(summary['monitoring_mode']).toBe(word);
  });

  it.each<[string, DetectorStatus | undefined, string]>([
    ['what is open now', detectorStatus(NOW_MS, { active: open('critical') }), 'emergency'],
    ['what is compliant now', detectorStatus(NOW_MS, { compliancePercent: 90 }), 'high_alert'],
    ['nobody', undefined, 'normal'],
  ])('monitoring_mode while Temporal is away is that of %s', async (_, detector, word) => {
    expect((await ask('/metrics/summary', detector))['monitoring_mode']).toBe(word);
  });

  it('counts what was sent, recovered and analysed in the last 24 hours', async () => {
    const { archive } = await serverParts();
    const agoMs = (hours: number) => NOW_MS - hours * HOUR_MS;
    const alerts = [
      alertRecord({ id: 'now', atMs: agoMs(0) }),
      alertRecord({ id: 'just', atMs: agoMs(23.9) }),
      alertRecord({ id: 'muted', atMs: agoMs(1), state: 'silenced' }),
      alertRecord({ id: 'old', atMs: agoMs(24.1) }),
    ];
    for (const alert of alerts) await archive.putAlert(alert);
    const outcomes: [Outcome | undefined, number, number][] = [
      ['recovered', 20, 1],
      ['rolled-back', 1, 1],
      // Nothing acted, or it still acts: neither success nor failure.
      ['none', 3, 1],
      ['superseded', 2, 1],
      [undefined, 4, 1],
      ['rolled-back', 50, 25],
    ];
    let run = 0;
    for (const [outcome, times, hours] of outcomes) {
      for (let i = 0; i < times; i++) {
        run += 1;
        const of = { runId: `run-${run}`, openedAtMs: agoMs(hours) };
        await archive.putIncident(incidentRecord({ ...of, outcome, resolvedAtMs: agoMs(hours) }));
      }
    }
    for (const [id, hours] of [
      ['a', 0.1],
      ['b', 23],
      ['c', 25],
    ] as const) {
      const of = { id, runId: `run-${id}`, createdAtMs: agoMs(hours) };
      await archive.putReport(reportRecord(of));
    }
    expect(await ask('/metrics/summary', detectorStatus(NOW_MS), { archive })).toStrictEqual({
      monitoring_mode: 'normal',
      total_alerts_24h: 2,
      recovery_success_rate: 95.24,
      rca_analyses_24h: 2,
    });
  });
});
