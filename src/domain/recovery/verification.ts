import type { Direction } from '../sla/threshold.js';
import { median } from './outlier.js';

/** What is judged after a step. Values are in the SLI's unit, times in Unix milliseconds. */
export interface VerificationRule {
  readonly limit: number;
  readonly direction: Direction;
  /** The SLI before the step: the window's median when the step was planned. */
  readonly before: number;
  /** Least fresh samples to judge by. */
  readonly minSamples: number;
  /** The share of fresh samples that must comply, in percent. */
  readonly compliantPercent: number;
  /** The samples must span this long before `recovered` is said. */
  readonly holdMs: number;
  /** A median worse than `before` by this share (percent) is called worse. */
  readonly worsePercent: number;
  /**
   * The SLI was good before the change, so that no backlog can explain a breach: the least number of
   * samples in a row beyond the limit is then called worse at once.
   */
  readonly wasGood?: boolean;
}

/** What fresh samples say of a step. */
export type Verdict =
  | { readonly kind: 'recovered'; readonly median: number }
  | { readonly kind: 'no-effect'; readonly median: number }
  | { readonly kind: 'improved'; readonly median: number }
  | { readonly kind: 'worse'; readonly median: number }
  | { readonly kind: 'undecided'; readonly why: string };

/**
 * Judges the SLI by samples taken after a step had its time to settle.
 *
 * `samples` are in time order and all fresh. Recovered needs `minSamples` over `holdMs`, the share
 * that complies, and a compliant last sample. Once enough samples are there, a median well on the
 * wrong side of `before` is worse at once, since waiting would only hurt. `isLast` says that no more
 * time is left: then it is decided by what is there, and too few samples are `undecided`.
 */
export function judge(
  samples: readonly { readonly atMs: number; readonly value: number }[],
  rule: VerificationRule,
  isLast: boolean,
): Verdict {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < rule.minSamples) {
    return {
      kind: 'undecided',
      why: `${samples.length} of ${rule.minSamples} fresh samples`,
    };
  }
  const complies = (value: number) =>
    rule.direction === 'upper' ? value <= rule.limit : value >= rule.limit;
  const level = median(samples.map((s) => s.value));
  const compliant = samples.filter((s) => complies(s.value)).length;
  const spanMs = last.atMs - first.atMs;
  const recent = samples.slice(-rule.minSamples);
  const recentCompliant = recent.filter((s) => complies(s.value)).length;
  const isEnough = (100 * compliant) / samples.length >= rule.compliantPercent;
  if (rule.wasGood === true && recentCompliant === 0) {
    return { kind: 'worse', median: median(recent.map((s) => s.value)) };
  }
  // A backlog takes time to drain: a compliant tail as long as the hold counts, whatever came before it.
  const tail = samples.filter((s) => s.atMs >= last.atMs - rule.holdMs);
  const tailCompliant = tail.filter((s) => complies(s.value)).length;
  const isTailEnough =
    tail.length >= rule.minSamples &&
    spanMs >= rule.holdMs &&
    (100 * tailCompliant) / tail.length >= rule.compliantPercent;
  if (complies(last.value) && spanMs >= rule.holdMs && (isEnough || isTailEnough)) {
    return { kind: 'recovered', median: median(tail.map((s) => s.value)) };
  }
  const badness = (value: number) => (rule.direction === 'upper' ? value : -value);
  const change = (badness(level) - badness(rule.before)) / Math.max(Math.abs(rule.before), 1e-9);
  if (change * 100 > rule.worsePercent && recentCompliant === 0 && spanMs >= rule.holdMs) {
    return { kind: 'worse', median: level };
  }
  if (!isLast) return { kind: 'undecided', why: 'not settled yet' };
  const recentMedian = median(recent.map((s) => s.value));
  const gain =
    (badness(rule.before) - badness(recentMedian)) / Math.max(Math.abs(rule.before), 1e-9);
  // A tenth better is beyond the sampling noise of a windowed quantile and worth keeping.
  return gain > 0.1
    ? { kind: 'improved', median: recentMedian }
    : { kind: 'no-effect', median: recentMedian };
}
