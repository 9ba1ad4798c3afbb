import { defineProcedure } from '../procedure.js';

/** Too few tokens for the demand: add capacity, spread the load, mend the cache. */
export const throughputDegradation = defineProcedure({
  name: 'throughput_degradation',
  description: 'Too few tokens for the demand: add capacity, spread the load, mend the cache.',
  workflowType: 'throughputDegradationRecovery',
  steps: ['scale_resources', 'load_balancer_adjust', 'cache_invalidation'],
  timeoutMs: 300_000,
  retries: 3,
  leastSeverity: 'major',
  violationTypes: ['throughput_degradation'],
});
