import { plausibleRange } from '../domain/sla/plausible.js';
import type { SliSample } from '../domain/sla/samples.js';
import type { Threshold } from '../domain/sla/threshold.js';

/**
 * Why a pushed sample must not even be stored, or undefined: one of later than `latestMs` would push all of
 * today's out of its column, and an impossible value would be what a recovery is judged by.
 */
export function refusalOf(
  { atMs, value, metric }: SliSample,
  thresholds: readonly Threshold[],
  latestMs: number,
): 'future' | 'implausible' | undefined {
  if (atMs > latestMs) return 'future';
  const unit = thresholds.find((one) => one.metric === metric)?.unit;
  const { min, max } = plausibleRange(unit ?? '');
  return value < min || value > max ? 'implausible' : undefined;
}
