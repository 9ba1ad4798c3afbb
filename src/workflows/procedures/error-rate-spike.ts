import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** Stops errors: breaker, health reset, restart; the release before, where that failed. */
export async function errorRateSpikeRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
