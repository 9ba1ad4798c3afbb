import { WithStartWorkflowOperation, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { MonitorView } from '../domain/monitor/monitor-state.js';
import { RECOVERY_QUEUE } from '../workflows/messages.js';
import { MONITOR_MEMO, MONITOR_WORKFLOW_ID } from '../workflows/monitor-messages.js';
import { announceOrder } from './announce-order.js';

/** How the monitor's workflow is started wherever it does not run. */
export const monitorStart = {
  workflowId: MONITOR_WORKFLOW_ID,
  taskQueue: RECOVERY_QUEUE,
  workflowIdConflictPolicy: 'USE_EXISTING',
  staticSummary: 'What holds for everything: mode, maintenance, silences, kill switch',
} as const;

/** What holds for everything now, by the server's own memory; undefined before the monitor ran. */
export async function readMonitor(client: Client): Promise<MonitorView | undefined> {
  try {
    const { memo } = await client.workflow.getHandle(MONITOR_WORKFLOW_ID).describe();
    return memo?.[MONITOR_MEMO] as MonitorView | undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/**
 * An answer takes a worker: where the last one is just stopping, it would be waited for by the very
 * worker that waits for this to end.
 */
const ANSWER_WITHIN_MS = 4_500;

/** Asks the monitor, which is started where it does not run. */
export function updateMonitor<Result, Ask>(
  client: Client,
  update: UpdateDefinition<Result, [Ask]>,
  ask: Ask,
): Promise<Result> {
  return client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
    await announceOrder(client, MONITOR_WORKFLOW_ID);
    return client.workflow.executeUpdateWithStart(update, {
      args: [ask],
      startWorkflowOperation: new WithStartWorkflowOperation('monitor', {
        ...monitorStart,
        args: [],
      }),
    });
  });
}
