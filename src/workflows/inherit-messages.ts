/** What crosses the border when an undo is handed on to whoever changed the same thing later. */
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { OwedUndo } from './messages.js';

/** What an incident or a recovery owes now. */
export const owedQuery = defineQuery<readonly OwedUndo[]>('owed');

/** An undo of an earlier workflow's, joined to one of a later's. */
export interface Inheritance {
  /** What the later one owes, as it was seen. */
  readonly was: OwedUndo;
  /** What it owes from then on: its undo restores what was before the earlier change. */
  readonly becomes: OwedUndo;
  /** Workflow id of the earlier one. */
  readonly from: string;
}
/** False where it is not owed as it was seen, or is being undone: it is to be looked at again. */
export const inheritUpdate = defineUpdate<boolean, [Inheritance]>('inherit');
