/** The workflow types that a worker runs. */
export { circuitBreaker } from './circuit-breaker.js';
export { alert } from './alert.js';
export { heartbeat } from './heartbeat.js';
export { incident } from './incident.js';
export { lease } from './lease.js';
export { monitor } from './monitor.js';
export { notification } from './notification.js';
export { settleOwed } from './settle-owed.js';
export { rootCauseAnalysis } from './root-cause-analysis.js';
export { criticalSystemRecovery } from './procedures/critical-system.js';
export { customRecovery } from './procedures/custom.js';
export { errorRateSpikeRecovery } from './procedures/error-rate-spike.js';
export { latencySpikeRecovery } from './procedures/latency-spike.js';
export { resourceExhaustionRecovery } from './procedures/resource-exhaustion.js';
export { throughputDegradationRecovery } from './procedures/throughput-degradation.js';
