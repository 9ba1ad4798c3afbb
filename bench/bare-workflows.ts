/**
 * Sandbox code: workflows that do nothing but call an activity, and start children that do. What a
 * server needs for them is what it needs at least; recoveries are measured against it.
 */
import { executeChild, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

interface BareActivities {
  bareEffect(id: string): Promise<void>;
  bareStep(): Promise<void>;
}
const { bareEffect, bareStep } = proxyActivities<BareActivities>({ startToCloseTimeout: '1m' });
const local = proxyLocalActivities<BareActivities>({ startToCloseTimeout: '1m' });

/** One activity. */
export async function bareOne(id: string): Promise<void> {
  await bareEffect(id);
}

/** How much work there is: activities one after the other, local ones, and children with the same. */
export interface BareLoad {
  readonly activities: number;
  readonly localActivities: number;
  readonly children: readonly BareLoad[];
}

/** As many activities and children as told. */
export async function bareLoad(load: BareLoad): Promise<void> {
  for (let i = 0; i < load.localActivities; i += 1) await local.bareStep();
  for (let i = 0; i < load.activities; i += 1) await bareStep();
  for (const child of load.children) await executeChild(bareLoad, { args: [child] });
}
