import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** Brings throughput back: more replicas, weights, stale cache. */
export async function throughputDegradationRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
