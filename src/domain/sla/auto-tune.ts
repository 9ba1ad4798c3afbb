import { limitOf, type Threshold } from './threshold.js';

/** Fewest samples for a proposal: a day of minutes. */
const LEAST_SAMPLES = 1_440;
/** The limit is proposed above what the worst of a thousand samples of normal times reaches ... */
const NORMAL_QUANTILE = 0.999;
/** ... with this room, so that growth of a tenth is no incident. */
const HEADROOM = 0.1;
/** A change smaller than this is not worth anybody's approval. */
const LEAST_CHANGE_PERCENT = 5;

/** A proposal for a person to approve, with what it rests on. */
export type TuningProposal =
  | { readonly verdict: 'keep'; readonly reason: string }
  | {
      readonly verdict: 'change';
      readonly reason: string;
      readonly tolerancePercent: number;
      /** Share of the samples beyond the limit, 0..1, now and under the proposal. */
      readonly breachRatioNow: number;
      readonly breachRatioThen: number;
    };

/**
 * Proposes a tolerance for a threshold from the history of its metric in normal times.
 *
 * `values` are samples in any order; leave out those of incidents, or the proposal makes them normal.
 * The target stays: it is a promise, not a statistic. A limit is never proposed on the wrong side of
 * it: a service that lives beyond its target needs repair, or a person who changes the promise.
 */
export function proposeTolerance(
  values: readonly number[],
  threshold: Pick<Threshold, 'target' | 'tolerancePercent' | 'direction'>,
): TuningProposal {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const { target, direction } = threshold;
  if (sorted.length < LEAST_SAMPLES) {
    return { verdict: 'keep', reason: `${sorted.length} samples; ${LEAST_SAMPLES} are needed` };
  }
  if (target === 0) return { verdict: 'keep', reason: 'a target of 0 has no tolerance in percent' };
  const sign = direction === 'upper' ? 1 : -1;
  const index = Math.round(NORMAL_QUANTILE * (sorted.length - 1));
  const worst = direction === 'upper' ? sorted[index]! : sorted[sorted.length - 1 - index]!;
  const wanted = worst + sign * HEADROOM * Math.abs(worst);
  const tolerance = (100 * sign * (wanted - target)) / target;
  const tolerancePercent = Math.max(0, Math.round(tolerance));
  const proposed = { target, tolerancePercent, direction };
  const change = Math.abs(limitOf(proposed) - limitOf(threshold)) / Math.abs(limitOf(threshold));
  if (100 * change < LEAST_CHANGE_PERCENT) {
    return {
      verdict: 'keep',
      reason: `the limit is within ${LEAST_CHANGE_PERCENT} % of the proposal`,
    };
  }
  const breachRatio = (limit: number) =>
    sorted.filter((value) => sign * (value - limit) > 0).length / sorted.length;
  return {
    verdict: 'change',
    reason: `99.9 % of ${sorted.length} samples are ${direction === 'upper' ? 'below' : 'above'} ${worst}`,
    tolerancePercent,
    breachRatioNow: breachRatio(limitOf(threshold)),
    breachRatioThen: breachRatio(limitOf(proposed)),
  };
}
