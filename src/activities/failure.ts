import { ApplicationFailure } from '@temporalio/common';
import { AdapterError, type AdapterErrorReason } from '../domain/ports.js';

/** Retrying cannot mend these. */
const FINAL: readonly AdapterErrorReason[] = ['rejected', 'unauthorized', 'not-found'];

/** Whether an adapter said no, so that asking again is of no use. */
export function isFinal(error: unknown): error is AdapterError {
  return error instanceof AdapterError && FINAL.includes(error.reason);
}

/** Runs an activity's body, and turns an adapter's error into the failure that Temporal retries or not. */
export async function asFailure<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    throw ApplicationFailure.create({
      message: error.message,
      type: error.reason,
      nonRetryable: isFinal(error),
    });
  }
}
