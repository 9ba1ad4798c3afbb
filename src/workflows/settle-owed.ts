import { CancellationScope, log } from '@temporalio/workflow';
import type { SettleInput, SettleResult } from './settle-messages.js';
import { undo } from './rollback.js';

/**
 * Undoes what a run owed that ended from outside: a terminate runs no compensation. Newest first, each
 * tried; what was changed by somebody else since is left alone. Its id is the ended run's, so that it
 * happens once.
 */
export async function settleOwed({ runId, workflowId, owed }: SettleInput): Promise<SettleResult> {
  return CancellationScope.nonCancellable(async () => {
    const undone: string[] = [];
    const left: string[] = [];
    for (const one of [...owed].reverse()) {
      const result = await undo(one, `${runId}:settle:${one.step.id}`);
      if (result.kind === 'undone') undone.push(result.text);
      else left.push(`${one.undoLine} (${result.why})`);
    }
    const text =
      left.length === 0
        ? `what it owed was undone: ${undone.join('; ')}`
        : `a person must: ${left.join('; ')}`;
    log.warn(`${workflowId} ended from outside; ${text}`, {
      story: left.length === 0 ? 'rolled-back' : 'escalated',
      incident: workflowId,
    });
    return { undone, left };
  });
}
