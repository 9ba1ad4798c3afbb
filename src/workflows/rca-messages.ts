/** What crosses the border between an incident and the analysis of its cause. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import type { Violation } from '../domain/sla/violation.js';
import type { StepReport } from './messages.js';

/** Task queue of analyses: recovery must never wait behind one. */
export const RCA_QUEUE = 'rca';

/** Starts the analysis of an incident, as it opens. */
export interface RcaInput {
  readonly incidentId: string;
  readonly incidentRunId: string;
  readonly violation: Violation;
  readonly openedAtMs: number;
}
/** What its recovery changed, and how that ended: later evidence. */
export interface RcaEnd {
  readonly steps: readonly StepReport[];
  readonly outcome: Outcome;
}
/** Asks for a report by what is known until now. */
export type RcaAsk = RcaInput & RcaEnd;
export interface RcaResult {
  readonly reportId: string;
  readonly probableCause: string;
  readonly isConfident: boolean;
}
/** From an incident to its analysis: the recovery has ended. */
export const recoveryEndedSignal = defineSignal<[RcaEnd]>('recovery-ended');
/** From an analysis to its incident: what the cause looks to be while the recovery goes on. */
export const causeSignal = defineSignal<[{ probableCause: string }]>('cause');
export const rcaProgressQuery = defineQuery<string>('progress');
