/**
 * Sandbox code: a workflow that does nothing but call an activity. What a server needs for it is what it
 * needs at least; recoveries are measured against it.
 */
import { proxyActivities } from '@temporalio/workflow';

interface BareActivities {
  bareEffect(id: string): Promise<void>;
}
const { bareEffect } = proxyActivities<BareActivities>({ startToCloseTimeout: '1m' });

/** One activity. */
export async function bareOne(id: string): Promise<void> {
  await bareEffect(id);
}
