import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** Brings latency back: stale cache, load balancer weights, traffic routing. */
export async function latencySpikeRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
