import { VIOLATION_TYPES } from '../../sla/threshold.js';
import { defineProcedure } from '../procedure.js';

/** The last resort, whatever was violated: cut off, route around, restart, roll the release back. */
export const criticalSystem = defineProcedure({
  name: 'critical_system',
  description: 'The last resort: cut off, route around, restart, roll the release back.',
  workflowType: 'criticalSystemRecovery',
  steps: ['circuit_breaker_open', 'traffic_routing', 'restart_service', 'deployment_rollback'],
  timeoutMs: 600_000,
  retries: 1,
  leastSeverity: 'critical',
  violationTypes: VIOLATION_TYPES,
});
