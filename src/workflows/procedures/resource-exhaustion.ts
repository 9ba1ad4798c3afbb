import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** Makes room: more replicas, stale cache, traffic routing. */
export async function resourceExhaustionRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
