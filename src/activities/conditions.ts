import { setTimeout as sleep } from 'node:timers/promises';
import { unmetCondition, type MetricCondition } from '../domain/recovery/condition.js';
import type { Target } from '../workflows/messages.js';
import type { World } from './world.js';

/** How often a condition is looked at again. */
const LOOK_EVERY_MS = 500;

/** The samples that a condition is judged by. */
export async function samplesOf(
  world: World,
  { metric, of, overMs }: MetricCondition,
  target: Target,
  nowMs: number,
): Promise<readonly number[]> {
  const { service } = target;
  const replica = of === 'target' ? target.replica : undefined;
  const read = { service, metrics: [metric], fromMs: nowMs - overMs, toMs: nowMs };
  const series = await world.history.range(read);
  return series.find((one) => one.replica === replica)?.values ?? [];
}

/** Waits until a condition holds, at most until `untilMs`: undefined, or then why it does not. */
export async function awaitCondition(
  world: World,
  ask: { condition: MetricCondition; target: Target; untilMs: number },
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    const nowMs = Date.now();
    const samples = await samplesOf(world, ask.condition, ask.target, nowMs);
    const unmet = unmetCondition(ask.condition, samples);
    if (unmet === undefined || nowMs >= ask.untilMs) return unmet;
    await sleep(Math.min(LOOK_EVERY_MS, ask.untilMs - nowMs), undefined, { signal });
  }
}
