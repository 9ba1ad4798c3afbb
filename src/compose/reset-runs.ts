import type { Client } from '@temporalio/client';

/**
 * Id of the run that goes on with what that one was, since it was reset; undefined where it was not.
 *
 * @throws WorkflowNotFoundError where there is no such run.
 */
export async function successorOf(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const next = raw.workflowExtendedInfo?.resetRunId ?? '';
  return next === '' ? undefined : next;
}
