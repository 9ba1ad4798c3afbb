import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Attempt, Coordination, Restraint } from '../activities/world.js';
import { maintenanceText, type MonitorView } from '../domain/monitor/monitor-state.js';
import { utcText } from '../domain/utc-time.js';
import { monitorStart, readMonitor, updateMonitor } from '../server/monitor-client.js';
import { LEASE_WORKFLOW_ID, MONITOR_WORKFLOW_ID, RECOVERY_QUEUE } from '../workflows/messages.js';
import { goneSignal, judgeUpdate } from '../workflows/monitor-messages.js';

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

    async restraint() {
      const view = await readMonitor(client);
      return view === undefined ? undefined : restraintOf(view, Date.now());
    },

    async mode() {
      return (await readMonitor(client))?.mode;
    },

    async ensureMonitor() {
      await client.workflow.start('monitor', monitorStart);
    },

    judgeAlert: (ask) => updateMonitor(client, judgeUpdate, ask),

    async forgetAlerts(runId) {
      await client.workflow.getHandle(MONITOR_WORKFLOW_ID).signal(goneSignal, { runId });
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

/** What keeps actions from acting by themselves, in words; undefined when nothing does. */
function restraintOf(view: MonitorView, nowMs: number): Restraint | undefined {
  const { killSwitch, maintenance } = view;
  if (killSwitch.isOn) {
    const { by, reason, atMs } = killSwitch;
    const because = reason === '' ? '' : ` (${reason})`;
    const why = `all actions were stopped by ${by} at ${utcText(atMs)}${because}`;
    return { kind: 'kill-switch', why };
  }
  // The monitor may be a moment late to say that it is over.
  if (maintenance === undefined || maintenance.untilMs <= nowMs) return undefined;
  const { untilMs } = maintenance;
  return { kind: 'maintenance', why: maintenanceText(maintenance), untilMs };
}
