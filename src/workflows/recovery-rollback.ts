import type { Outcome } from '../domain/archive.js';
import type { Approval } from './approval.js';
import { ATTRIBUTES, type PlannedStep, type RecoveryPlan } from './messages.js';
import { whoOf, type OperatorControl } from './operator-control.js';
import type { RecoveryLog } from './recovery-log.js';

/** What of a recovery its rollback needs. */
export interface RollbackParts {
  readonly plan: RecoveryPlan;
  readonly control: OperatorControl;
  readonly log: RecoveryLog;
  readonly approval: Approval;
  readonly operationId: (step: PlannedStep) => string;
}

/**
 * Undoes what a recovery owes: newest first, every one tried, whatever fails. Asks before, where the
 * plan says so; what an operator wants kept is kept.
 */
export async function rollBackAll(parts: RollbackParts): Promise<[Outcome, string]> {
  const { plan, control, log, approval, operationId } = parts;
  const { owed } = log;
  const last = owed.list.at(-1);
  const lines = () => owed.list.map((o) => o.undoLine).join('; ');
  const isOrdered = control.abortAsk !== undefined || control.rollbackAsk !== undefined;
  if (last !== undefined && plan.asksBeforeRollback && !isOrdered) {
    await approval.ask('rollback', last.step, `to be undone: ${lines()}`, 'rollback');
  }
  // Read after the question: an abort answers it.
  const abort = control.abortAsk;
  const ended: Outcome = abort === undefined ? 'rolled-back' : 'aborted';
  const who = abort === undefined ? '' : ` by ${whoOf(abort)}`;
  if (last === undefined) return [ended, `nothing to undo${who}`];
  if (abort?.keep === true || control.rollbackAsk?.action === 'deny-rollback') {
    for (const { step } of owed.list) log.update(step, { state: 'kept' });
    return ['aborted', `stopped${who}; kept; to undo by hand: ${lines()}`];
  }
  log.state = 'rolling-back';
  log.tell('rollback', `undoing ${owed.list.length} change(s), newest first${who}`);
  const failed: string[] = [];
  for (const one of [...owed.list].reverse()) {
    const result = await owed.undo(one, operationId(one.step));
    if (result.kind === 'failed') {
      failed.push(`${one.undoLine} (${result.why})`);
      log.update(one.step, { state: 'undo-failed' });
      const todo = `a person must: ${one.undoLine}`;
      log.tell('undo-failed', `${one.step.action}: ${result.why}; ${todo}`);
    } else {
      owed.forget(one);
      log.update(one.step, { state: 'undone' });
      log.tell('rolled-back', `${one.step.action}: ${result.text}`);
    }
  }
  log.mark({ key: ATTRIBUTES.rolledBack, value: failed.length === 0 });
  return failed.length === 0
    ? [ended, `everything was undone${who}`]
    : ['rollback-incomplete', `a person must: ${failed.join('; ')}`];
}
