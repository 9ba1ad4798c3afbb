import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** The last resort: breaker, traffic routing, restart, the release before. */
export async function criticalSystemRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
