import { defineProcedure } from '../procedure.js';

/** Users wait too long: mend the cache, take load off who is slow, route around it. */
export const latencySpike = defineProcedure({
  name: 'latency_spike',
  description: 'Users wait too long: mend the cache, take load off who is slow, route around it.',
  workflowType: 'latencySpikeRecovery',
  steps: ['cache_invalidation', 'load_balancer_adjust', 'traffic_routing'],
  timeoutMs: 180_000,
  retries: 2,
  leastSeverity: 'major',
  violationTypes: ['latency_breach', 'performance_regression'],
});
