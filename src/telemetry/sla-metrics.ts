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
  /** 0 to 100. */
  thresholdCompliance: registry.gauge(
    'paramedic_threshold_compliance_percent',
    'Evaluated samples of the last hour inside their limit, by threshold, in percent.',
    { threshold: 'bounded' },
  ),
  /** In the threshold’s own unit. */
  value: registry.gauge(
    'paramedic_sli_value',
    'The latest value of an SLI, of the service or of its worst replica.',
    { service: 'bounded', threshold: 'bounded' },
  ),
  limit: registry.gauge('paramedic_sli_limit', 'The limit of an SLI.', { threshold: 'bounded' }),
  active: registry.gauge('paramedic_violations_active', 'Open violations, by type.', {
    type: VIOLATION_TYPES,
  }),
  /** A counter, though the given name has no `_total`: take `increase()` of it. */
  thresholdBreaches: registry.counter(
    'sla_threshold_breaches',
    'Samples beyond their threshold, by metric.',
    { metric: 'bounded' },
  ),
});
