/** What crosses the border to the workflow that settles what an ended run owed. */
import type { OwedUndo } from './messages.js';

/** A run that ended from outside, and what it owed. */
export interface SettleInput {
  readonly workflowId: string;
  readonly runId: string;
  readonly owed: readonly OwedUndo[];
}
/** What was undone, and what a person must do. */
export interface SettleResult {
  readonly undone: readonly string[];
  readonly left: readonly string[];
}
