import { workflowInfo } from '@temporalio/workflow';

/** A few seconds of replay when a worker takes over. Servers warn at 10,240 events. */
const LONG_EVENTS = 4_000;

/**
 * Whether a workflow that never ends should continue as new: when the server says so, and by itself for
 * servers that don't.
 */
export function isHistoryLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength >= LONG_EVENTS;
}
