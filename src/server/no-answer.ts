import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';

/**
 * Whether a call to Temporal failed because nobody answered, or not in time. An update's deadline is an
 * error of a class of its own; what was asked may still happen.
 */
export function isNoAnswer(error: unknown): boolean {
  return isGrpcServiceError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
}
