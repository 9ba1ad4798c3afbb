import { describe, expect, it } from 'vitest';
import { chooseProcedure } from '../../../src/domain/recovery/procedure.js';
import { DEFAULT_PROCEDURES } from '../../../src/domain/recovery/procedures/index.js';
import { DEFAULT_THRESHOLDS, type ViolationType } from '../../../src/domain/sla/threshold.js';
import type { Severity } from '../../../src/domain/sla/severity.js';

const of = (violationType: ViolationType, severity: Severity, metric = 'm') => ({
  violationType,
  severity,
  metric,
  service: 'chat',
});
const name = (choice: ReturnType<typeof chooseProcedure>) =>
  choice.kind === 'chosen' ? choice.procedure.name : choice.why;

describe('chooseProcedure', () => {
  it.each([
    ['request_latency_p95', 'latency_spike'],
    ['request_latency_p99', 'latency_spike'],
    ['tokens_per_second', 'throughput_degradation'],
    ['error_rate_percent', 'error_rate_spike'],
    ['gpu_utilization_percent', 'resource_exhaustion'],
    ['kv_cache_usage_percent', 'resource_exhaustion'],
    ['echo_evolution_convergence', 'throughput_degradation'],
  ])('has the right procedure for %s: %s', (metric, expected) => {
    const threshold = DEFAULT_THRESHOLDS.find((t) => t.metric === metric);
    const choice = chooseProcedure(
      of(threshold?.violationType ?? 'availability_loss', 'major', metric),
      DEFAULT_PROCEDURES,
    );
    expect(name(choice)).toBe(expected);
  });

  it.each<[ViolationType, Severity, string]>([
    [
      'latency_breach',
      'minor',
      'minor is below the least severity of latency_spike (major), critical_system (critical)',
    ],
    ['error_rate_spike', 'minor', 'error_rate_spike'],
    ['availability_loss', 'critical', 'error_rate_spike'],
    ['resource_exhaustion', 'critical', 'resource_exhaustion'],
  ])('%s, %s: %s', (type, severity, expected) => {
    expect(name(chooseProcedure(of(type, severity), DEFAULT_PROCEDURES))).toBe(expected);
  });

  it('falls back to the last resort for critical violations only, and repeats nothing', () => {
    const tried = ['latency_spike'];
    expect(name(chooseProcedure(of('latency_breach', 'critical'), DEFAULT_PROCEDURES, tried))).toBe(
      'critical_system',
    );
    expect(name(chooseProcedure(of('latency_breach', 'major'), DEFAULT_PROCEDURES, tried))).toBe(
      'major is below the least severity of critical_system (critical)',
    );
    const all = ['latency_spike', 'critical_system'];
    expect(name(chooseProcedure(of('latency_breach', 'critical'), DEFAULT_PROCEDURES, all))).toBe(
      'every procedure for it was tried: latency_spike, critical_system',
    );
  });

  it('prefers a procedure that names the metric, and passes over disabled ones', () => {
    const [spike] = DEFAULT_PROCEDURES;
    if (spike === undefined) throw new Error('there are default procedures');
    const own = { ...spike, name: 'own', metrics: ['ttft'], leastSeverity: 'minor' as const };
    const procedures = [...DEFAULT_PROCEDURES, own];
    expect(name(chooseProcedure(of('latency_breach', 'major', 'ttft'), procedures))).toBe('own');
    expect(name(chooseProcedure(of('latency_breach', 'major', 'other'), procedures))).toBe(
      'latency_spike',
    );
    const disabled = procedures.map((p) => ({ ...p, isEnabled: false }));
    expect(name(chooseProcedure(of('latency_breach', 'major'), disabled))).toBe(
      'no enabled procedure is for latency_breach of m',
    );
  });
});

describe('the default procedures', () => {
  it('have the design document’s actions, timeouts and retries', () => {
    expect(
      DEFAULT_PROCEDURES.map((p) => [
        p.name,
        p.steps.length,
        p.timeoutMs / 1000,
        p.retries,
        p.leastSeverity,
      ]),
    ).toEqual([
      ['latency_spike', 3, 180, 2, 'major'],
      ['throughput_degradation', 3, 300, 3, 'major'],
      ['error_rate_spike', 3, 240, 2, 'minor'],
      ['resource_exhaustion', 3, 300, 2, 'major'],
      ['critical_system', 4, 600, 1, 'critical'],
    ]);
  });
});
