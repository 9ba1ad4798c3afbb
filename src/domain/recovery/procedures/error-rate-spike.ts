import { defineProcedure } from '../procedure.js';

/** Requests fail, or a replica is gone: cut it off, reset its health, restart it. */
export const errorRateSpike = defineProcedure({
  name: 'error_rate_spike',
  description: 'Requests fail, or a replica is gone: cut it off, reset its health, restart it.',
  workflowType: 'errorRateSpikeRecovery',
  steps: ['circuit_breaker_open', 'health_check_reset', 'restart_service'],
  onFailure: ['deployment_rollback'],
  timeoutMs: 240_000,
  retries: 2,
  leastSeverity: 'minor',
  violationTypes: ['error_rate_spike', 'availability_loss'],
});
