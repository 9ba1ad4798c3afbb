import {
  executeChild,
  isCancellation,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import type { IncidentLog } from './incident-log.js';
import {
  ATTRIBUTES,
  RCA_QUEUE,
  type IncidentView,
  type OwedUndo,
  type RecoveryPlan,
  type RecoveryResult,
} from './messages.js';
import { recoveryTypeOf } from './procedures/index.js';
import { messageOf, undo } from './rollback.js';
import { rootCauseAnalysis } from './root-cause-analysis.js';

/**
 * Runs a procedure as a child of its own type. `onStarting` is called when its start has been asked for,
 * `onStarted` gets its workflow id.
 */
export async function runRecovery(
  given: {
    readonly view: IncidentView;
    readonly plan: RecoveryPlan;
    readonly attempt: number;
    readonly uiBase: string;
  },
  onStarting: () => void,
  onStarted: (workflowId: string) => void,
): Promise<RecoveryResult> {
  const { view, plan, attempt, uiBase } = given;
  const { violation, id: incidentId } = view;
  const { service, replica, severity, threshold, violationType } = violation;
  const workflowId = `recovery:${incidentId}:${attempt}`;
  const starting = startChild(recoveryTypeOf(plan.workflowType), {
    args: [{ incidentId, violation, plan, uiBase }],
    workflowId,
    // Should the incident be terminated, its recovery still undoes what it owes.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `${plan.procedure} for ${replica ?? service}`,
    staticDetails: plan.why,
    typedSearchAttributes: [
      { key: ATTRIBUTES.service, value: service },
      ...(replica === undefined ? [] : [{ key: ATTRIBUTES.replica, value: replica }]),
      { key: ATTRIBUTES.threshold, value: threshold },
      { key: ATTRIBUTES.violationType, value: violationType },
      { key: ATTRIBUTES.severity, value: severity },
      { key: ATTRIBUTES.procedure, value: plan.procedure },
    ],
  });
  onStarting();
  const handle = await starting;
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

/** Never delays or undoes a recovery: it runs beside the rest, and its failure is only a line. */
export async function analyse(log: IncidentLog, outcome: Outcome): Promise<void> {
  const { runId } = workflowInfo();
  const { id, violation, openedAtMs, steps } = log.view;
  try {
    const { probableCause } = await executeChild(rootCauseAnalysis, {
      args: [{ incidentId: id, incidentRunId: runId, violation, openedAtMs, steps, outcome }],
      workflowId: `rca:${runId}`,
      taskQueue: RCA_QUEUE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Why ${violation.metric} of ${violation.replica ?? violation.service}`,
    });
    log.set({ probableCause });
    log.tell('cause', probableCause);
  } catch (error) {
    log.tell('cause', `undetermined: the analysis failed (${messageOf(error)})`);
  }
}
