/** What crosses the border to the workflow that settles what an ended run left. */
import type { IncidentView, OwedUndo } from './messages.js';

/** A run that ended from outside, and what it owed. */
export interface SettleInput {
  readonly workflowId: string;
  readonly runId: string;
  readonly owed: readonly OwedUndo[];
  /** Of one that was reset: the run that goes on with the rest. */
  readonly goesOnAs?: string;
  /** Of an incident, which nobody else closes; a recovery's end is told by its incident. */
  readonly incident?: EndedIncident;
}

/** An incident as it last was, and its end. */
export interface EndedIncident {
  readonly view: IncidentView;
  readonly end: RunEnd;
}

/** How a run ended that didn't end by itself. */
export interface RunEnd {
  readonly kind: 'terminated' | 'timed out' | 'failed';
  readonly atMs: number;
  /** Identity of whoever terminated it, as Temporal knows it; empty when nobody did. */
  readonly by: string;
  /** In their words, or the failure's; may be empty. */
  readonly reason: string;
}

/** What was undone, and what a person must do. */
export interface SettleResult {
  readonly undone: readonly string[];
  readonly left: readonly string[];
}
