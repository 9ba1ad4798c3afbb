import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { orderFollowsSignal } from '../workflows/operator-messages.js';

/**
 * To be awaited before an operator's update: a worker that has just taken over must not handle it in one
 * go with what happened before (docs/decisions/updates-and-replay.md). A workflow that does not run is no
 * error here; the update says so.
 */
export async function announceOrder(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(orderFollowsSignal);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
