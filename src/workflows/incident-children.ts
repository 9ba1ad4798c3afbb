import { isCancellation, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import type { IncidentLog } from './incident-log.js';
import {
  TASK_TIMEOUT,
  type IncidentView,
  type OwedUndo,
  type RecoveryPlan,
  type RecoveryResult,
} from './messages.js';
import type { ReadyAhead } from './preparation-messages.js';
import { recoveryTypeOf } from './procedures/index.js';
import { recoveryAttributes } from './recovery-log.js';
import { messageOf, undo } from './rollback.js';

/** Runs a procedure as a child of its own type. `onStarted` gets its workflow id once it has started. */
export async function runRecovery(
  given: {
    readonly view: IncidentView;
    readonly plan: RecoveryPlan;
    readonly ready: ReadyAhead | undefined;
    readonly attempt: number;
    readonly uiBase: string;
  },
  onStarted: (workflowId: string) => void,
): Promise<RecoveryResult> {
  const { view, plan, ready, attempt, uiBase } = given;
  const { violation, id: incidentId } = view;
  const { service, replica } = violation;
  const workflowId = `recovery:${incidentId}:${attempt}`;
  const handle = await startChild(recoveryTypeOf(plan.workflowType), {
    args: [{ incidentId, violation, plan, uiBase, ...(ready === undefined ? {} : { ready }) }],
    workflowId,
    workflowTaskTimeout: TASK_TIMEOUT,
    // Should the incident be terminated, its recovery still undoes what it owes.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `${plan.procedure} for ${replica ?? service}`,
    staticDetails: plan.why,
    typedSearchAttributes: recoveryAttributes(violation, plan.procedure),
  });
  onStarted(workflowId);
  return handle.result();
}

/** A recovery that was terminated from outside, or failed: undoes what it last told it owes. */
export async function settleLostRecovery(
  log: IncidentLog,
  error: unknown,
): Promise<RecoveryResult> {
  const { steps, owed } = log.view;
  const why = isCancellation(error) ? 'cancelled' : messageOf(error);
  log.tell('recovery-lost', `the recovery ended from outside (${why}); undoing what it owed`);
  const left: OwedUndo[] = [];
  for (const one of [...owed].reverse()) {
    const undone = await undo(one, `${workflowInfo().runId}:lost:${one.step.id}`);
    if (undone.kind === 'undone') log.tell('rolled-back', undone.text);
    else {
      left.unshift(one);
      log.tell('undo-failed', `${undone.why}; a person must: ${one.undoLine}`);
    }
  }
  const outcome: Outcome = left.length === 0 ? 'rolled-back' : 'rollback-incomplete';
  return { outcome, detail: why, steps, owed: left };
}
