import { AdapterError } from '../domain/ports.js';
import { limitOf, VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { Detector } from '../detector/detector.js';
import type { Breaker } from '../domain/recovery/breaker.js';
import type { BreakerKind } from '../domain/recovery/breaker-kinds.js';
import { BREAKER_STATES, type Telemetry } from '../telemetry.js';
import type { Target } from '../workflows/messages.js';

const MEASUREMENT_RESULTS = ['accepted', 'rejected'] as const;
const ALERT_RESULTS = [
  'incident',
  'repeated',
  'resolved',
  'ended',
  'unknown-metric',
  'unknown-service',
  'malformed',
  'truncated',
] as const;

/** What the detector counts beside the areas that roles share. */
export type DetectorCounters = ReturnType<typeof addDetectorCounters>;

/** Adds them to a role's telemetry. */
export function addDetectorCounters({ registry }: Telemetry) {
  return {
    anomalies: registry.counter('paramedic_anomalies_total', 'Anomalies found, by metric.', {
      metric: 'bounded',
    }),
    silences: registry.counter('paramedic_no_data_total', 'Streams that stopped, by metric.', {
      metric: 'bounded',
    }),
    measurements: registry.counter(
      'paramedic_measurements_total',
      'Pushed measurements, by what became of them.',
      { result: MEASUREMENT_RESULTS },
    ),
    alerts: registry.counter('paramedic_alerts_total', 'Alerts received, by what became of them.', {
      result: ALERT_RESULTS,
    }),
    reloads: registry.counter('paramedic_reloads_total', 'Reloads of thresholds, by result.', {
      result: ['ok', 'refused'],
    }),
  };
}

/** Counts a failed poll by its reason. */
export function countPollFailure({ detector }: Telemetry, error: unknown): void {
  const reason = error instanceof AdapterError ? error.reason : 'malformed';
  detector.scrapeErrors.add({ reason });
}

/** The gauge of each breaker that is known here; see `BREAKER_STATES` for its values. */
export function mirrorBreakers(
  states: readonly {
    readonly target: Target;
    readonly kind: BreakerKind;
    readonly breaker: Breaker;
  }[],
  { recovery }: Telemetry,
): void {
  for (const { target, kind, breaker } of states) {
    const { service, replica } = target;
    const labels = { service, replica: replica ?? '', kind };
    recovery.breakerState.set(labels, BREAKER_STATES[breaker.status]);
  }
}

/** Brings the metrics that mirror the detector's own state up to date, before they are read. */
export function mirrorState(detector: Detector, { sla, detector: own }: Telemetry): void {
  const { compliancePercent, complianceByThreshold, active } = detector.summary();
  sla.complianceRate.set({}, compliancePercent);
  for (const [threshold, percent] of Object.entries(complianceByThreshold)) {
    sla.thresholdCompliance.set({ threshold }, percent);
  }
  for (const type of VIOLATION_TYPES) {
    sla.active.set({ type }, active.filter((one) => one.violationType === type).length);
  }
  for (const threshold of detector.thresholds.current) {
    sla.limit.set({ threshold: threshold.name }, limitOf(threshold));
  }
  for (const { service, threshold, value } of detector.recent()) {
    sla.value.set({ service, threshold }, value);
  }
  let scrapes = 0;
  let failures = 0;
  for (const target of detector.targets()) {
    scrapes += target.scrapes;
    failures += target.failures;
    if (target.isUp === undefined) continue;
    const name = `${target.service}/${target.replica ?? target.role}`;
    own.targetUp.set({ target: name }, target.isUp ? 1 : 0);
  }
  own.scrapes.startAt({ result: 'ok' }, scrapes - failures);
  own.scrapes.startAt({ result: 'error' }, failures);
  const { stored, rejected } = detector.counts();
  own.samples.startAt({ result: 'accepted' }, stored.stored + stored.reordered);
  own.samples.startAt({ result: 'late' }, stored.late + rejected.late);
  own.samples.startAt({ result: 'duplicate' }, stored.duplicate);
  own.samples.startAt({ result: 'future' }, rejected.future);
  own.samples.startAt({ result: 'not-finite' }, stored['non-finite']);
  own.samples.startAt({ result: 'absurd' }, rejected.implausible);
}
