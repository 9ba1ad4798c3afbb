import { continueAsNew, setCurrentDetails, sleep } from '@temporalio/workflow';
import { watchHistory } from './history-length.js';
import { beat } from './proxies.js';

/** How long a beat that could not even be tried is waited for. */
const AGAIN_AFTER_MS = 15_000;

/**
 * Tells an external dead-man's switch again and again that we work. Each beat goes the way of a page:
 * through Temporal, a worker's workflow task and the notify queue; what breaks any of them, or detection
 * itself, lets the switch go off. Ends when the configuration has no heartbeat any more.
 */
export async function heartbeat(): Promise<void> {
  const isHistoryLong = watchHistory();
  setCurrentDetails('Tells the dead-man’s switch that detection, dispatch and workers work.');
  while (!isHistoryLong()) {
    const answer = await beat().catch(() => ({ nextAfterMs: AGAIN_AFTER_MS }));
    if (answer.nextAfterMs === undefined) return;
    await sleep(answer.nextAfterMs);
  }
  await continueAsNew<typeof heartbeat>();
}
