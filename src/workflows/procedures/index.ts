import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { criticalSystemRecovery } from './critical-system.js';
import { customRecovery } from './custom.js';
import { errorRateSpikeRecovery } from './error-rate-spike.js';
import { latencySpikeRecovery } from './latency-spike.js';
import { resourceExhaustionRecovery } from './resource-exhaustion.js';
import { throughputDegradationRecovery } from './throughput-degradation.js';

type RecoveryWorkflow = (input: RecoveryInput) => Promise<RecoveryResult>;

/** Every procedure's workflow by its type's name: a type of its own, so that operators can filter by it. */
const RECOVERIES: Readonly<Record<string, RecoveryWorkflow>> = {
  latencySpikeRecovery,
  throughputDegradationRecovery,
  errorRateSpikeRecovery,
  resourceExhaustionRecovery,
  criticalSystemRecovery,
  customRecovery,
};

/** The workflow of that type; procedures without one of their own run as `customRecovery`. */
export function recoveryTypeOf(workflowType: string): RecoveryWorkflow {
  return RECOVERIES[workflowType] ?? customRecovery;
}
