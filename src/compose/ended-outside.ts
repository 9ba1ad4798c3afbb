import {
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { RunEnd } from '../workflows/settle-messages.js';

/** A run that ended before this was looked at by whoever ran then. */
const LOOK_BACK_MS = 24 * 3_600_000;

/** Runs that were ended from outside, of late: a condition for lists of Temporal's. They may owe an undo. */
export function endedOutside(): string {
  const since = new Date(Date.now() - LOOK_BACK_MS).toISOString();
  return `(ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed') AND CloseTime > '${since}')`;
}

/** The workflow that undoes what such a run owed: named after it, so that this happens once. */
export const settleIdOf = (runId: string) => `settle:${runId}`;

/** Whether what that run owed has been undone, or given to a person. */
export async function isSettled(client: Client, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(settleIdOf(runId)).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    // The reconciler hasn't seen it yet, or it owed nothing.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Id of the run that goes on with what that one was, where it was reset. */
export function successorOf({ raw }: WorkflowExecutionDescription): string | undefined {
  const next = raw.workflowExtendedInfo?.resetRunId ?? '';
  return next === '' ? undefined : next;
}

/**
 * Whether a recovery of an incident that ended from outside still runs: it was told to abort, and undoes what
 * it owes by itself. Whoever acts or undoes for the incident before that is in its way.
 */
export async function isRecoveryRunning(
  client: Client,
  { raw }: WorkflowExecutionDescription,
): Promise<boolean> {
  for (const { workflowId, runId } of raw.pendingChildren ?? []) {
    if (workflowId?.startsWith('recovery:') !== true) continue;
    const child = await client.workflow.getHandle(workflowId, runId ?? undefined).describe();
    if (child.status.name === 'RUNNING') return true;
  }
  return false;
}

/** How that run ended, by the last event of its history. */
export async function endOf(client: Client, workflowId: string, runId: string): Promise<RunEnd> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const last = history?.events?.[0];
  const atMs = tsToMs(last?.eventTime);
  const terminated = last?.workflowExecutionTerminatedEventAttributes;
  if (terminated) {
    const { identity, reason } = terminated;
    return { kind: 'terminated', atMs, by: identity ?? '', reason: reason ?? '' };
  }
  const failure = last?.workflowExecutionFailedEventAttributes?.failure;
  const kind = failure ? 'failed' : 'timed out';
  return { kind, atMs, by: '', reason: failure?.message ?? '' };
}
