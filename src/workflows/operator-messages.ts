/** What operators tell incidents, recoveries and breakers: by signal or update, one JSON object each. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';

/** Who asks, and why: every operator's message carries it. Sent from the Temporal UI it may be empty. */
export interface OperatorMessage {
  readonly by?: string;
  readonly reason?: string;
  /** From where, in the audit's words; `temporal` where nothing is said. */
  readonly from?: string;
}
/** `keep`: stop and leave what was changed as it is. */
export interface AbortMessage extends OperatorMessage {
  readonly keep?: boolean;
}

/** The operator messages that a recovery understands, as its incident forwards them. */
export const OPERATOR_ACTIONS = [
  'approve',
  'deny',
  'abort',
  'skip',
  'pause',
  'resume',
  'approve-rollback',
  'deny-rollback',
] as const;
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

export const acknowledgeSignal = defineSignal<[OperatorMessage]>('acknowledge');
export const abortSignal = defineSignal<[AbortMessage]>('abort');
/**
 * Changes nothing: sent before an operator's update, so that the history has an event of its own there
 * (docs/decisions/updates-and-replay.md).
 */
export const orderFollowsSignal = defineSignal('order-follows');
/** From the incident to its recovery. */
export const operatorSignal = defineSignal<[{ action: OperatorAction } & AbortMessage]>('operator');

/** The operators' updates, the same on an incident and on its recovery: one JSON object each. */
export const OPERATOR_UPDATES: Readonly<
  Record<OperatorAction, UpdateDefinition<string, [AbortMessage]>>
> = {
  approve: defineUpdate<string, [AbortMessage]>('approve'),
  deny: defineUpdate<string, [AbortMessage]>('deny'),
  abort: defineUpdate<string, [AbortMessage]>('abort'),
  skip: defineUpdate<string, [AbortMessage]>('skip'),
  pause: defineUpdate<string, [AbortMessage]>('pause'),
  resume: defineUpdate<string, [AbortMessage]>('resume'),
  'approve-rollback': defineUpdate<string, [AbortMessage]>('approve-rollback'),
  'deny-rollback': defineUpdate<string, [AbortMessage]>('deny-rollback'),
};
export const acknowledgeUpdate = defineUpdate<string, [OperatorMessage]>('acknowledge');
