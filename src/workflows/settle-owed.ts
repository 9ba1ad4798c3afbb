import { CancellationScope, log } from '@temporalio/workflow';
import { EndedIncidentStory } from './ended-incident-story.js';
import type { SettleInput, SettleResult } from './settle-messages.js';
import { undo } from './rollback.js';

/**
 * Undoes what a run owed that ended from outside: a terminate runs no compensation. Newest first, each
 * tried; what was changed by somebody else since is left alone. An incident is closed, and people are
 * told. Its id is the ended run's, so that it happens once.
 */
export async function settleOwed(input: SettleInput): Promise<SettleResult> {
  const { runId, workflowId, owed, goesOnAs, incident } = input;
  return CancellationScope.nonCancellable(async () => {
    const story = incident === undefined ? undefined : new EndedIncidentStory(incident);
    story?.begin(owed.length);
    const undone: string[] = [];
    const left: string[] = [];
    for (const one of [...owed].reverse()) {
      const result = await undo(one, `${runId}:settle:${one.step.id}`);
      if (result.kind === 'undone') undone.push(result.text);
      else left.push(`${one.undoLine} (${result.why})`);
    }
    const done = undone.length === 0 ? 'nothing to undo' : `undone: ${undone.join('; ')}`;
    const text = left.length === 0 ? done : `a person must: ${left.join('; ')}`;
    const how =
      goesOnAs === undefined ? 'ended from outside' : `was reset, run ${goesOnAs} goes on`;
    log.warn(`${workflowId} ${how}; ${text}`, {
      story: left.length === 0 ? 'rolled-back' : 'escalated',
      incident: workflowId,
    });
    await story?.end({ undone, left });
    return { undone, left };
  });
}
