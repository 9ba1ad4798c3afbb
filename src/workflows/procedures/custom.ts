import type { RecoveryInput, RecoveryResult } from '../messages.js';
import { recover } from '../recover.js';

/** Runs a procedure that the configuration defines. */
export async function customRecovery(input: RecoveryInput): Promise<RecoveryResult> {
  return recover(input);
}
