import type { PlannedStep } from './messages.js';
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
