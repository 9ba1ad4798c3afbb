import { proposeTolerance } from '../domain/sla/auto-tune.js';
import { limitOf, type Threshold } from '../domain/sla/threshold.js';
import type { LoggedViolation } from '../domain/sla/violation-log.js';
import { fingerprintOf } from '../domain/sla/violation.js';
import type { StoredSeries } from './series-store.js';

/** What the history of its metric says of a threshold, for a person to accept or leave. */
export interface ThresholdSuggestion {
  readonly name: string;
  readonly verdict: 'keep' | 'change';
  readonly reason: string;
  readonly unit: string;
  readonly samples: number;
  readonly tolerancePercentNow: number;
  readonly limitNow: number;
  /** Only with `change`. */
  readonly proposed:
    | {
        readonly tolerancePercent: number;
        readonly limit: number;
        /** Shares of the samples beyond the limit, 0..1. */
        readonly breachRatioNow: number;
        readonly breachRatioThen: number;
      }
    | undefined;
}

/**
 * Proposes tolerances from the samples that are kept, those of normal times only: samples while a
 * violation of the threshold was open, and a window around it, are left out.
 */
export function suggestThresholds(
  thresholds: readonly Threshold[],
  series: Iterable<StoredSeries>,
  violations: readonly LoggedViolation[],
  nowMs: number,
): ThresholdSuggestion[] {
  const all = [...series];
  return thresholds
    .filter(({ enabled }) => enabled)
    .map((threshold) => {
      const values = all
        .filter(({ metric }) => metric === threshold.metric)
        .flatMap((one) => normalValues(one, threshold, violations, nowMs));
      const proposal = proposeTolerance(values, threshold);
      return {
        name: threshold.name,
        verdict: proposal.verdict,
        reason: proposal.reason,
        unit: threshold.unit,
        samples: values.length,
        tolerancePercentNow: threshold.tolerancePercent,
        limitNow: limitOf(threshold),
        proposed: proposal.verdict === 'keep' ? undefined : { ...figures(proposal, threshold) },
      };
    });
}

function figures(
  proposal: { tolerancePercent: number; breachRatioNow: number; breachRatioThen: number },
  threshold: Threshold,
) {
  const { tolerancePercent, breachRatioNow, breachRatioThen } = proposal;
  const limit = limitOf({ ...threshold, tolerancePercent });
  return { tolerancePercent, limit, breachRatioNow, breachRatioThen };
}

function normalValues(
  { service, replica, column }: StoredSeries,
  { name, windowMs }: Threshold,
  violations: readonly LoggedViolation[],
  nowMs: number,
): number[] {
  const prints = [replica, undefined].map((scope) =>
    fingerprintOf({ service, replica: scope }, name),
  );
  const bad = violations.filter(({ fingerprint }) => prints.includes(fingerprint));
  const { timesMs, values } = column.range(-Infinity, Infinity);
  return values.filter((_, i) => {
    const atMs = timesMs[i] ?? Number.NaN;
    return !bad.some(
      ({ openedAtMs, resolvedAtMs }) =>
        atMs >= openedAtMs - 2 * windowMs && atMs <= (resolvedAtMs ?? nowMs) + windowMs,
    );
  });
}
