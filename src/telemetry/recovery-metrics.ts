import { OUTCOMES } from '../domain/archive.js';
import { BREAKER_KINDS } from '../domain/recovery/breaker-kinds.js';
import type { Registry } from './registry.js';

/** From one fast action to the longest procedure's timeout (600 s) and an approval that was waited for. */
const RECOVERY_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 180, 240, 300, 600, 1800];

/** From a blip to a day. */
const INCIDENT_SECONDS = [30, 60, 120, 300, 600, 1800, 3600, 10_800, 86_400];

/** A breaker's states by the number that is exported: the worse, the higher. */
export const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2, isolated: 3 } as const;

/** Adds what the recovery worker counts, named by the design document. */
export const addRecoveryMetrics = (registry: Registry) => ({
  /** `status` is the outcome. */
  executions: registry.counter('recovery_executions_total', 'Recoveries that ended.', {
    procedure: 'bounded',
    status: OUTCOMES,
  }),
  duration: registry.histogram(
    'recovery_duration_seconds',
    'Duration of recoveries, from the incident’s opening to the outcome.',
    { procedure: 'bounded' },
    RECOVERY_SECONDS,
  ),
  /** `none` and `superseded` are violations that ended before anything acted: the false ones among them. */
  incidents: registry.counter(
    'paramedic_incidents_ended_total',
    'Incidents that are over, by what came of their recoveries.',
    { outcome: OUTCOMES },
  ),
  incidentDuration: registry.histogram(
    'paramedic_incident_duration_seconds',
    'Duration of incidents, from the violation to its end and the release of all mitigations.',
    {},
    INCIDENT_SECONDS,
  ),
  /** Of `BREAKER_STATES`; `replica` is empty for the breaker of a service as a whole. */
  breakerState: registry.gauge(
    'circuit_breaker_state',
    'Circuit breaker: 0 closed, 1 half-open, 2 open, 3 isolated by an operator.',
    { service: 'bounded', replica: 'bounded', kind: BREAKER_KINDS },
  ),
});
