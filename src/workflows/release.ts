import type { OwedUndo, VerificationPlan } from './messages.js';
import { applyStepOf, verifyStep } from './proxies.js';
import { messageOf, undo, type UndoResult } from './rollback.js';

/** What came of a release. */
export type ReleaseResult =
  | { readonly kind: 'released'; readonly text: string }
  | { readonly kind: 'put-back'; readonly why: string }
  /** By an operator, who says what becomes of it. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly why: string };

/** How a release is judged, named, and told. */
export interface ReleaseParts {
  readonly verification: VerificationPlan;
  readonly operationId: string;
  readonly now: () => number;
  /** Told before each stage, in words and exact calls. */
  readonly onStage: (line: string) => void;
  /** Whether an operator stopped it: looked at before each stage. */
  readonly isStopped: () => boolean;
}

/**
 * Ends one temporary mitigation, stage by stage where it has some (a weight is ramped back), each
 * judged before the next. If the SLI breaks again the mitigation is put back as it was, and kept.
 */
export async function release(owed: OwedUndo, parts: ReleaseParts): Promise<ReleaseResult> {
  const { operationId, onStage, isStopped } = parts;
  let inForce: unknown = owed.desired;
  for (const [index, { desired, line }] of (owed.ramp ?? []).entries()) {
    if (isStopped()) return { kind: 'stopped' };
    onStage(line);
    const before = inForce;
    const set = await change(owed, { before, desired }, `${operationId}:ramp-${index + 1}`);
    inForce = desired;
    const why = set.kind === 'failed' ? set.why : await whyBroken(owed, parts);
    if (why !== undefined) return putBack(owed, inForce, why, operationId);
  }
  if (isStopped()) return { kind: 'stopped' };
  onStage(owed.undoLine);
  const undone = await undo(owed, `${operationId}:release`);
  if (undone.kind === 'failed') return undone;
  const why = await whyBroken(owed, parts);
  if (why !== undefined) return putBack(owed, owed.before, why, operationId);
  return { kind: 'released', text: undone.text };
}

/** Why the SLI does not bear a stage, or undefined when it held for as long as it must. */
async function whyBroken(
  owed: OwedUndo,
  { verification, now }: ReleaseParts,
): Promise<string | undefined> {
  // Judged from the first sample on: what breaks must be put back before users notice; what holds
  // must hold for the settle time as well.
  const sinceMs = now();
  const { rule, timeoutMs, metric } = verification;
  const holdMs = owed.step.settleMs + rule.holdMs;
  const verdict = await verifyStep({
    verification: {
      ...verification,
      rule: { ...rule, before: rule.limit, wasGood: true, holdMs },
    },
    sinceMs,
    untilMs: sinceMs + owed.step.settleMs + timeoutMs,
  });
  if (verdict.kind === 'recovered') return undefined;
  return verdict.kind === 'undecided'
    ? `no verdict (${verdict.why})`
    : `${metric} went to ${verdict.median.toPrecision(3)}`;
}

async function putBack(
  owed: OwedUndo,
  inForce: unknown,
  why: string,
  operationId: string,
): Promise<ReleaseResult> {
  const to = { before: inForce, desired: owed.desired };
  const back = await change(owed, to, `${operationId}:put-back`);
  return back.kind === 'undone'
    ? { kind: 'put-back', why }
    : { kind: 'failed', why: `${why}; putting it back failed: ${back.why}` };
}

async function change(
  { step }: OwedUndo,
  prepared: Pick<OwedUndo, 'before' | 'desired'>,
  operationId: string,
): Promise<UndoResult> {
  try {
    return { kind: 'undone', text: await applyStepOf(step)({ step, prepared, operationId }) };
  } catch (error) {
    return { kind: 'failed', why: messageOf(error) };
  }
}
