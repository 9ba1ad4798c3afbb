import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Attempt, Coordination } from '../activities/world.js';
import {
  KILL_SWITCH_MEMO,
  LEASE_WORKFLOW_ID,
  MONITOR_WORKFLOW_ID,
  RECOVERY_QUEUE,
  type KillSwitch,
} from '../workflows/messages.js';

/** The lease and the fence, over Temporal's own state: nothing of them is in this process. */
export function createCoordination(client: Client): Coordination {
  return {
    async ensureLease() {
      await client.workflow.start('lease', {
        workflowId: LEASE_WORKFLOW_ID,
        taskQueue: RECOVERY_QUEUE,
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: 'Which targets are being acted on, and by whom',
      });
    },

    async killSwitch() {
      try {
        const { memo } = await client.workflow.getHandle(MONITOR_WORKFLOW_ID).describe();
        const state = memo?.[KILL_SWITCH_MEMO] as KillSwitch | undefined;
        return state?.isOn === true ? state : undefined;
      } catch (error) {
        // Nobody ever touched it.
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      }
    },

    async openIncidents() {
      const query = "WorkflowType = 'incident' AND ExecutionStatus = 'Running'";
      return (await client.workflow.count(query)).count;
    },

    async isCurrent({ workflowId, runId, activityId, attempt }: Attempt) {
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      const pending = raw.pendingActivities?.find((a) => a.activityId === activityId);
      return pending !== undefined && pending.attempt === attempt;
    },

    async hasEnded(workflowId, runId) {
      try {
        const { status } = await client.workflow.getHandle(workflowId, runId).describe();
        return status.name !== 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return true;
        throw error;
      }
    },
  };
}
