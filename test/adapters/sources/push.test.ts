import { describe, expect, it } from 'vitest';
import { externalIncident, violationOf } from '../../../src/adapters/sources/external-incident.js';
import { acceptMeasurements, MAX_MEASUREMENTS } from '../../../src/adapters/sources/push.js';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/sla/threshold.js';
import { fingerprintOf } from '../../../src/domain/sla/violation.js';

const context = { defaultService: 'chat', services: new Set(['chat', 'embed']), nowMs: 5_000 };
const accept = (...measurements: unknown[]) => acceptMeasurements({ measurements }, context);

describe('pushed measurements', () => {
  it('become samples, with service and time filled in', () => {
    expect(
      accept(
        { metric: 'echo_evolution_convergence', value: 0.9 },
        { metric: 'm', value: -1, service: 'embed', replica: 'r', time: 1_700_000_000 },
        { metric: 'm', value: 1, time: 1_700_000_000_500, demandPerSecond: 3 },
        { metric: 'm', value: 1, time: '2026-11-24T08:00:00.5+01:00' },
      ),
    ).toEqual({
      status: 'read',
      rejected: [],
      samples: [
        { metric: 'echo_evolution_convergence', value: 0.9, service: 'chat', atMs: 5_000 },
        { metric: 'm', value: -1, service: 'embed', replica: 'r', atMs: 1_700_000_000_000 },
        { metric: 'm', value: 1, service: 'chat', atMs: 1_700_000_000_500, demandPerSecond: 3 },
        { metric: 'm', value: 1, service: 'chat', atMs: Date.UTC(2026, 10, 24, 7, 0, 0, 500) },
      ],
    });
  });

  it('reject themselves one by one, saying why', () => {
    const result = accept(
      { metric: 'm', value: 1 },
      { metric: 'm', value: 'x' },
      { metric: '', value: 1 },
      { metric: 'm', value: 1, service: 'chta' },
      { metric: 'm', value: 1, time: 'yesterday' },
      { metric: 'm', value: 1, unit: 'ms' },
      7,
      JSON.parse('{"metric":"m","value":1e999}'),
    );
    expect(result.status).toBe('read');
    if (result.status !== 'read') return;
    expect(result.samples).toHaveLength(1);
    expect(result.rejected.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(result.rejected[0]!.message).toMatch(/value: .*number/);
    expect(result.rejected[2]!.message).toBe('service: "chta" is none of chat, embed');
    expect(result.rejected[3]!.message).toMatch(/time: expected an instant/);
    expect(result.rejected[4]!.message).toMatch(/unit/);
  });

  it('need a service where several could be meant', () => {
    const body = { measurements: [{ metric: 'm', value: 1 }] };
    const result = acceptMeasurements(body, { ...context, defaultService: undefined });
    expect(result).toMatchObject({ samples: [], rejected: [{ index: 0 }] });
  });

  it.each([[undefined], [[]], [{}], [{ measurements: 1 }], [{ measurements: [], more: 1 }]])(
    'are refused as a whole in a body like %j',
    (body) => {
      expect(acceptMeasurements(body, context).status).toBe('malformed');
    },
  );

  it('are refused when they are too many', () => {
    const measurements = Array<unknown>(MAX_MEASUREMENTS + 1).fill({ metric: 'm', value: 1 });
    expect(acceptMeasurements({ measurements }, context).status).toBe('malformed');
  });
});

describe('reported incidents', () => {
  const report = {
    type: 'resource_exhaustion',
    severity: 'critical',
    service: 'chat',
    replica: 'e1',
    idempotencyKey: 'k',
  };
  const violation = (more: object) =>
    violationOf(externalIncident.parse({ ...report, ...more }), DEFAULT_THRESHOLDS, 9_000);
  const fingerprint = (threshold: string) =>
    fingerprintOf({ service: 'chat', replica: 'e1' }, threshold);

  it('meet the incident of the threshold, of its metric, or of the type', () => {
    expect(violation({ threshold: 'kv_cache_usage_percent', value: 99 })).toMatchObject({
      fingerprint: fingerprint('kv_cache_usage_percent'),
      value: 99,
      limit: 96,
      unit: '%',
      detectedAtMs: 9_000,
      severity: 'critical',
    });
    expect(violation({ metric: 'kv_cache_usage_percent' }).threshold).toBe(
      'kv_cache_usage_percent',
    );
    expect(violation({}).threshold).toBe('gpu_utilization_percent');
    expect(violation({ time: 1_700_000_000 }).startedAtMs).toBe(1_700_000_000_000);
  });

  it('have a threshold of their own where none fits', () => {
    expect(violation({ type: 'availability_loss' })).toMatchObject({
      fingerprint: fingerprint('external-availability_loss'),
      violationType: 'availability_loss',
      limit: 0,
      value: 1,
    });
  });

  it.each([
    [{ type: 'bad' }],
    [{ severity: 'huge' }],
    [{ idempotencyKey: '' }],
    [{ service: undefined }],
    [{ evidence: { dump: 'x'.repeat(20_000) } }],
    [{ unknown: 1 }],
  ])('are refused with %j', (more) => {
    expect(externalIncident.safeParse({ ...report, ...more }).success).toBe(false);
  });
});
