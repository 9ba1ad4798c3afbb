import { patched, workflowInfo } from '@temporalio/workflow';

/**
 * A worker that takes over replays so many in a second, on a busy machine in several, and until it has
 * replayed the lease no recovery starts. Servers warn at 10,240 events.
 */
const LONG_EVENTS = 1_000;
/** In runs that began before it was that few. */
const LONG_EVENTS_BEFORE = 4_000;

/**
 * To be called once where a workflow that never ends begins. What it gives says whether that is to continue
 * as new: when the server says so, and by itself for servers that don't.
 */
export function watchHistory(): () => boolean {
  const most = patched('short-histories') ? LONG_EVENTS : LONG_EVENTS_BEFORE;
  return () => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= most;
  };
}
