import { expect } from 'vitest';
import { OUTCOMES } from '../../src/domain/archive.js';
import { BREAKER_KINDS } from '../../src/domain/recovery/breaker-kinds.js';
import { SEVERITIES } from '../../src/domain/sla/severity.js';
import { VIOLATION_TYPES } from '../../src/domain/sla/threshold.js';
import type { InstantSample, PrometheusProcess } from './prometheus.js';

/** What a label may say: one of these, or any text. */
type LabelValues = readonly string[] | 'any';

/** The design document's nine: type, and each label with its values. */
export const NINE = {
  sla_violations_total: {
    type: 'counter',
    labels: { severity: SEVERITIES, type: VIOLATION_TYPES },
  },
  sla_compliance_rate: { type: 'gauge', labels: {} },
  sla_threshold_breaches: { type: 'counter', labels: { metric: 'any' } },
  recovery_executions_total: { type: 'counter', labels: { procedure: 'any', status: OUTCOMES } },
  recovery_duration_seconds: { type: 'histogram', labels: { procedure: 'any' } },
  circuit_breaker_state: {
    type: 'gauge',
    labels: { service: 'any', replica: 'any', kind: BREAKER_KINDS },
  },
  rca_analyses_total: { type: 'counter', labels: {} },
  rca_duration_seconds: { type: 'histogram', labels: {} },
  rca_correlations_found: { type: 'histogram', labels: {} },
} as const satisfies Record<
  string,
  { type: 'counter' | 'gauge' | 'histogram'; labels: Readonly<Record<string, LabelValues>> }
>;
export type NineName = keyof typeof NINE;

/** Where a family's figure stands: a histogram's in its sum. */
export function valueName(name: NineName): string {
  return NINE[name].type === 'histogram' ? `${name}_sum` : name;
}

/** Labels of a series but those that every one has: `role` is the server's, the others Prometheus' own. */
export function ownLabels({ metric }: InstantSample): Record<string, string> {
  const common = new Set(['__name__', 'instance', 'job', 'role']);
  return Object.fromEntries(Object.entries(metric).filter(([label]) => !common.has(label)));
}

/** Checks name, type, help, labels and their values of each of the nine, as Prometheus has stored them. */
export async function expectNineMetrics(prometheus: PrometheusProcess): Promise<void> {
  const reply = await fetch(`${prometheus.url}/api/v1/metadata?limit=1000`);
  const { data } = (await reply.json()) as {
    data: Record<string, { type: string; help: string }[]>;
  };
  for (const [name, { type, labels }] of Object.entries(NINE)) {
    expect([name, data[name]?.map((one) => one.type)]).toEqual([name, [type]]);
    expect([name, data[name]?.[0]?.help]).toEqual([name, expect.stringMatching(/\.$/)]);
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const part of parts) {
      const series = await prometheus.instant(`${name}${part}`);
      expect([name, series.length > 0]).toEqual([name, true]);
      const expected: Readonly<Record<string, LabelValues>> =
        part === '_bucket' ? { ...labels, le: 'any' } : labels;
      for (const one of series) expectLabels(name, ownLabels(one), expected);
    }
    if (type !== 'histogram') continue;
    // The last bucket holds everything.
    const all = await prometheus.instant(`${name}_bucket{le="+Inf"} - ignoring(le) ${name}_count`);
    expect([name, all.map(({ value }) => value[1])]).toEqual([name, all.map(() => '0')]);
    expect(all.length).toBeGreaterThan(0);
  }
  // `rate()` needs a first value: what can be known beforehand is there from the start.
  const violations = await prometheus.instant('sla_violations_total');
  expect(violations).toHaveLength(SEVERITIES.length * VIOLATION_TYPES.length);
  for (const { value } of await prometheus.instant('circuit_breaker_state')) {
    expect(['0', '1', '2', '3']).toContain(value[1]);
  }
}

function expectLabels(
  name: string,
  given: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, LabelValues>>,
): void {
  // Prometheus drops a label that is empty: the breaker of a service as a whole has no replica.
  const withEmpty = 'replica' in expected ? { replica: '', ...given } : given;
  expect([name, Object.keys(withEmpty).sort()]).toEqual([name, Object.keys(expected).sort()]);
  for (const [label, values] of Object.entries(expected)) {
    if (values !== 'any')
      expect([name, values]).toEqual([name, expect.arrayContaining([given[label]])]);
  }
}
