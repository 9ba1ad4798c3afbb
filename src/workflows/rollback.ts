import type { OwedUndo } from './messages.js';
import { applyStepOf, undoStep, verifyStep } from './proxies.js';
import type { VerificationPlan } from './messages.js';

/** What came of one undo. */
export type UndoResult =
  | { readonly kind: 'undone'; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Undoes one owed effect, retried by the activity's policy. Never throws: a failure is a result, since
 * the others must still be tried. Run it in a non-cancellable scope.
 */
export async function undo(owed: OwedUndo, operationId: string): Promise<UndoResult> {
  try {
    return { kind: 'undone', text: await undoStep({ owed, operationId }) };
  } catch (error) {
    return { kind: 'failed', why: messageOf(error) };
  }
}

/** The innermost message of a failure: what a person can act on. */
export function messageOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}

/** What came of a release. */
export type ReleaseResult =
  | { readonly kind: 'released'; readonly text: string }
  | { readonly kind: 'put-back'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Ends one temporary mitigation: undoes it, waits until that shows, and judges the SLI. If it breaks
 * again the mitigation is put back and kept.
 */
export async function release(
  owed: OwedUndo,
  verification: VerificationPlan,
  operationId: string,
  now: () => number,
): Promise<ReleaseResult> {
  const undone = await undo(owed, `${operationId}:release`);
  if (undone.kind === 'failed') return undone;
  // Judged from the first sample on: what breaks must be put back before users notice; what holds
  // must hold for the settle time as well.
  const sinceMs = now();
  const { rule, timeoutMs } = verification;
  const holdMs = owed.step.settleMs + rule.holdMs;
  const verdict = await verifyStep({
    verification: {
      ...verification,
      rule: { ...rule, before: rule.limit, wasGood: true, holdMs },
    },
    sinceMs,
    untilMs: sinceMs + owed.step.settleMs + timeoutMs,
  });
  if (verdict.kind === 'recovered') return { kind: 'released', text: undone.text };
  const why =
    verdict.kind === 'undecided'
      ? `no verdict (${verdict.why})`
      : `${verification.metric} went to ${verdict.median.toPrecision(3)}`;
  try {
    await applyStepOf(owed.step)({
      step: owed.step,
      prepared: owed,
      operationId: `${operationId}:put-back`,
    });
    return { kind: 'put-back', why };
  } catch (error) {
    return { kind: 'failed', why: `${why}; putting it back failed: ${messageOf(error)}` };
  }
}
