import { defineProcedure } from '../procedure.js';

/** GPU or KV cache are full: add capacity, empty the cache, route around who is full. */
export const resourceExhaustion = defineProcedure({
  name: 'resource_exhaustion',
  description: 'GPU or KV cache are full: add capacity, empty the cache, route around who is full.',
  workflowType: 'resourceExhaustionRecovery',
  steps: ['scale_resources', 'cache_invalidation', 'traffic_routing'],
  timeoutMs: 300_000,
  retries: 2,
  leastSeverity: 'major',
  violationTypes: ['resource_exhaustion'],
});
