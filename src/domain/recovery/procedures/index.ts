import type { Procedure } from '../procedure.js';
import { criticalSystem } from './critical-system.js';
import { errorRateSpike } from './error-rate-spike.js';
import { latencySpike } from './latency-spike.js';
import { resourceExhaustion } from './resource-exhaustion.js';
import { throughputDegradation } from './throughput-degradation.js';

/**
 * Every procedure in code: the five of the design document, with its actions, timeouts, retries and
 * severities. To add one: a file, and a line here; it runs as `customRecovery` unless it names a
 * workflow type of its own. Among equally narrow ones the earlier is tried first.
 */
export const DEFAULT_PROCEDURES: readonly Procedure[] = [
  latencySpike,
  throughputDegradation,
  errorRateSpike,
  resourceExhaustion,
  criticalSystem,
];
