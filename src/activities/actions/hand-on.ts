import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { AdapterError } from '../../domain/ports.js';
import type { OwedUndo } from '../../workflows/messages.js';
import type { ActContext, RawState } from './action.js';

/** How the changes of one action stack, where recoveries make them one after another. */
export interface Stacking<State extends RawState> {
  readonly state: z.ZodType<State>;
  /** Whether theirs was made on top of mine. */
  readonly isOn: (theirs: State, mine: State) => boolean;
  /** Theirs as it is owed when its undo restores what was before mine. */
  readonly joined: (theirs: State, mine: State) => Omit<OwedUndo, 'step'>;
}

/**
 * For an undo that finds another state than its own: where a later recovery set that one on top of this
 * change, that recovery's undo takes this one along, as its state before is the one that ends here.
 * Returns in words who undoes it; undefined where it was none of ours.
 *
 * @throws AdapterError `timeout` while the later one is being undone: a later attempt finds it done.
 */
export async function handOn<State extends RawState>(
  context: ActContext,
  mine: State,
  { state, isOn, joined }: Stacking<State>,
): Promise<string | undefined> {
  const { coordination } = context.world;
  const { action, target } = context.step;
  let inTheWay: string | undefined;
  for (const debtor of await coordination.debtors(target.service)) {
    const { workflowId } = debtor;
    for (const was of debtor.owed) {
      const theirs = was.step.action === action ? state.safeParse(was).data : undefined;
      if (theirs === undefined || isDeepStrictEqual(theirs.desired, mine.desired)) continue;
      // An attempt whose answer was lost handed it on already.
      if (isDeepStrictEqual(theirs.before, mine.before)) return left(workflowId, was);
      if (!isOn(theirs, mine)) continue;
      inTheWay = workflowId;
      await context.fence();
      const becomes = { ...was, ...joined(theirs, mine) };
      if (await coordination.inherit(debtor, { was, becomes, from: context.workflowId })) {
        return left(workflowId, becomes);
      }
    }
  }
  if (inTheWay === undefined) return undefined;
  throw new AdapterError('timeout', `${inTheWay} changed it since, and is being undone`);
}

function left(workflowId: string, { undoLine }: OwedUndo): string {
  return `${workflowId} changed it since, and undoes both: ${undoLine}`;
}
