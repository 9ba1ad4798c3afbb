import type { OwedUndo, PlannedStep } from './messages.js';
import type { Preparation, ReadyAhead } from './preparation-messages.js';

/** What was seen longer ago is looked at again: somebody else may have changed it. */
const FRESH_FOR_MS = 2_000;

/**
 * What the look at a step gave that came with the plan, or undefined where it is to be looked at now.
 * Those that were looked at are the first steps, and only the last of them acts, so that nothing of
 * this recovery has changed since.
 */
export function readyAhead(
  ready: ReadyAhead | undefined,
  { id }: Pick<PlannedStep, 'id'>,
  nowMs: number,
): Preparation | undefined {
  if (ready === undefined || nowMs - ready.atMs > FRESH_FOR_MS) return undefined;
  return ready.steps.find((step) => step.id === id)?.preparation;
}

/** What a step that is ready will owe from the moment it acts; undefined where that is nothing. */
export function owedBy(
  step: PlannedStep,
  { before, desired, undoLine, ramp = [] }: Extract<Preparation, { kind: 'ready' }>,
): OwedUndo | undefined {
  // One without an undo may still owe what it does on its way, such as the drain of a restart.
  if (step.irreversible !== undefined && undoLine === '') return undefined;
  return { step, before, desired, undoLine, ramp };
}

/** What a recovery will owe with its first action, as far as the look that came with the plan tells. */
export function owedAhead(
  ready: ReadyAhead | undefined,
  steps: readonly PlannedStep[],
): readonly OwedUndo[] {
  const last = ready?.steps.at(-1);
  const step = steps.find(({ id }) => id === last?.id);
  if (step === undefined || last?.preparation.kind !== 'ready') return [];
  const owed = owedBy(step, last.preparation);
  return owed === undefined ? [] : [owed];
}
