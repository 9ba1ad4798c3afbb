import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { Turnstile } from '../activities/turnstile.js';
import type { Attempt, Coordination, Restraint } from '../activities/world.js';
import type { AlertAsk } from '../domain/monitor/judge-alert.js';
import { maintenanceText, type MonitorView } from '../domain/monitor/monitor-state.js';
import { utcText } from '../domain/utc-time.js';
import { monitorStart, readMonitor, updateMonitor } from '../server/monitor-client.js';
import {
  acquireLeaseUpdate,
  LEASE_WORKFLOW_ID,
  releaseLeaseSignal,
} from '../workflows/lease-messages.js';
import { RECOVERY_QUEUE } from '../workflows/messages.js';
import { goneSignal, judgeUpdate, MONITOR_WORKFLOW_ID } from '../workflows/monitor-messages.js';
import { Batch } from './batch.js';
import { createDebtors } from './debtors.js';
import { isRecoveryRunning, successorOf } from './ended-outside.js';

const leaseStart = {
  workflowId: LEASE_WORKFLOW_ID,
  taskQueue: RECOVERY_QUEUE,
  workflowIdConflictPolicy: 'USE_EXISTING',
  staticSummary: 'Which targets are being acted on, and by whom',
} as const;

/**
 * Who asks from a local activity keeps one of the worker's 40 workflow task slots, and the lease needs
 * one to answer: most must stay free. A server lets 10 updates of one workflow be under way.
 */
const ASKING_AT_ONCE = 8;
/** The lease answers within 50 ms; where it does not, its worker has just died or is overloaded. */
const ANSWER_WITHIN_MS = 1_500;
/** Each costs the monitor two tasks, however many it carries: what comes meanwhile goes with the next. */
const JUDGED_AT_ONCE = 1;

/** The lease, the fence and letters, over Temporal's own state: nothing of them is in this process. */
export function createCoordination(client: Client): Coordination {
  const asking = new Turnstile(ASKING_AT_ONCE, ASKING_AT_ONCE);
  const judging = new Batch(JUDGED_AT_ONCE, (asks: readonly AlertAsk[]) =>
    updateMonitor(client, judgeUpdate, asks),
  );
  const describe = (workflowId: string, runId: string) =>
    client.workflow
      .getHandle(workflowId, runId)
      .describe()
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw error;
      });
  const coordination: Coordination = {
    ...createDebtors(client),

    async deliver(letter) {
      const { workflowId, runId, signal, args, id } = letter;
      const payloads = await encodeToPayloads(client.options.loadedDataConverter, ...args);
      try {
        // By hand, as the client gives each try an id of its own.
        await client.workflowService.signalWorkflowExecution({
          namespace: client.options.namespace,
          identity: client.options.identity,
          workflowExecution: { workflowId, ...(runId === undefined ? {} : { runId }) },
          signalName: signal,
          requestId: id,
          input: { payloads: payloads ?? [] },
        });
        return true;
      } catch (error) {
        if (!isGrpcServiceError(error) || error.code !== status.NOT_FOUND) throw error;
        const run = runId === undefined ? undefined : await describe(workflowId, runId);
        const next = run && successorOf(run);
        return next !== undefined && coordination.deliver({ ...letter, runId: next });
      }
    },

    async ensureLease() {
      await client.workflow.start('lease', leaseStart);
    },

    async askTurn(request) {
      const ask = () =>
        client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
          client.workflow
            .getHandle(LEASE_WORKFLOW_ID)
            .executeUpdate(acquireLeaseUpdate, { args: [request] }),
        );
      const asked = await asking.pass(() =>
        ask()
          .catch(async (error: unknown) => {
            // As a rule it is there: to ask for it to be started as well costs the server half as much again.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
            await client.workflow.start('lease', leaseStart);
            return ask();
          })
          // Too busy, or not there: the way by signal waits for as long as it takes, and says why.
          .catch(() => undefined),
      );
      return asked?.result;
    },

    async giveTurn(turn) {
      try {
        await client.workflow.getHandle(LEASE_WORKFLOW_ID).signal(releaseLeaseSignal, turn);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
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

    judgeAlert: (ask) => judging.ask(ask),

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
      const run = await describe(workflowId, runId);
      if (run === undefined) return true;
      if (run.status.name === 'RUNNING') return false;
      const next = successorOf(run);
      if (next !== undefined) return coordination.hasEnded(workflowId, next);
      // Terminated, it is not over while its recovery is at work.
      return !(await isRecoveryRunning(client, run));
    },
  };
  return coordination;
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
