import type { SlaEvent } from '../domain/sla/samples.js';
import type { DetectorCounters } from './detector-counters.js';
import type { Role } from './role.js';

/** Logs and counts what the evaluation found. */
export function tellEvent(
  event: SlaEvent,
  { log, telemetry }: Pick<Role, 'log' | 'telemetry'>,
  counters: DetectorCounters,
): void {
  switch (event.type) {
    case 'breach': {
      telemetry.sla.thresholdBreaches.add({ metric: event.metric });
      const { metric, replica, service, value, limit } = event;
      log.info(
        { story: 'breach' },
        `${metric} of ${replica ?? service}: ${value.toPrecision(4)} is beyond ${limit.toPrecision(4)}`,
      );
      return;
    }
    case 'violation': {
      const { severity, violationType, fingerprint } = event.violation;
      telemetry.sla.violations.add({ severity, type: violationType });
      log.info({ fingerprint, severity, violationType }, 'violation opened');
      return;
    }
    case 'severity': {
      const { fingerprint, severity } = event.violation;
      log.info({ fingerprint, severity }, 'violation is graver');
      return;
    }
    case 'resolved': {
      const { fingerprint } = event.violation;
      log.info({ fingerprint, because: event.because }, 'violation resolved');
      return;
    }
    case 'no-data': {
      const { metric, service, replica } = event;
      counters.silences.add({ metric });
      log.warn({ metric, service, replica }, 'no fresh samples');
      return;
    }
    case 'data-returned': {
      const { metric, service, replica } = event;
      log.info({ metric, service, replica }, 'samples are back');
      return;
    }
    case 'anomaly': {
      // A hint for people and for the analysis: what is odd is not yet bad, so it pages nobody.
      const { metric, service, replica, value, score } = event;
      counters.anomalies.add({ metric });
      log.info({ metric, service, replica, value, score }, 'anomaly');
    }
  }
}
