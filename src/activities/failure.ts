import { ApplicationFailure } from '@temporalio/common';
import { AdapterError, isFinal } from '../domain/ports.js';

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
