/** What crosses the border between the lease workflow and those that ask it for a target. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LeaseAsk, LeaseRefusal, LeaseState } from '../domain/recovery/lease.js';

/** The entity workflow that knows which target is being acted on, and by whom. */
export const LEASE_WORKFLOW_ID = 'lease';

/** Asks the lease workflow for a target. */
export interface LeaseRequest extends LeaseAsk {
  readonly holderId: string;
  readonly holderRunId: string;
}
/** What came of a request: told when it is asked, and again when the turn of one that waited comes. */
export interface LeaseAnswer {
  readonly requestId: string;
  readonly granted: boolean;
  /** How many of the waiting are served before. */
  readonly ahead: number;
  /** A refused request is not queued. */
  readonly refusal: LeaseRefusal | undefined;
}
/** A turn that is not needed any more. */
export interface TurnGivenBack {
  readonly requestId: string;
  /** Nothing was done in it: it counts for neither the budget nor the cooldown. */
  readonly isUnused?: boolean;
}
/** Asks and answers at once: for an activity, and for few at a time, see `Coordination.askTurn`. */
export const acquireLeaseUpdate = defineUpdate<LeaseAnswer, [LeaseRequest]>('acquire-now');
/** The same, answered by signal: it takes longer, and nobody stands still meanwhile. */
export const acquireLeaseSignal = defineSignal<[LeaseRequest]>('acquire');
export const leaseAnswerSignal = defineSignal<[LeaseAnswer]>('lease-answer');
export const releaseLeaseSignal = defineSignal<[TurnGivenBack]>('release');
export const leaseHoldersQuery = defineQuery<LeaseState<LeaseRequest>>('holders');
