import { workflowInfo } from '@temporalio/workflow';

/**
 * Id of the run as it began. A reset gives it another one (`workflowInfo().runId`), while its history goes
 * on: what is named in there, such as its turns, its children and its record, keeps this name.
 */
export function originalRunId(): string {
  return workflowInfo().firstExecutionRunId;
}

/** Whether this run goes on with the history of another that was reset. */
export function isReset(): boolean {
  return workflowInfo().runId !== originalRunId();
}
