import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { Registry } from './registry.js';

/** Adds what the detector counts of the SLAs, named by the design document. */
export const addSlaMetrics = (registry: Registry) => ({
  /** One per violation that opened, at the severity it opened with. */
  violations: registry.counter('sla_violations_total', 'SLA violations that opened.', {
    severity: SEVERITIES,
    type: VIOLATION_TYPES,
  }),
  /** 0 to 100. */
  complianceRate: registry.gauge(
    'sla_compliance_rate',
    'Evaluated samples that were inside their thresholds, in percent.',
    {},
  ),
  /** A counter, though the given name has no `_total`: take `increase()` of it. */
  thresholdBreaches: registry.counter(
    'sla_threshold_breaches',
    'Samples beyond their threshold, by metric.',
    { metric: 'bounded' },
  ),
});
