import type { OwedUndo } from './messages.js';
import { undoStep } from './proxies.js';

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
