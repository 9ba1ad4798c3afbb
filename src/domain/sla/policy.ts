import { ALERT_SCORE } from './anomaly/breakout-score.js';

/** Which samples are reported as anomalies (see anomaly/anomaly-state.ts). */
interface AnomalyPolicy {
  readonly enabled: boolean;
  /** Least score, 0..1. */
  readonly minScore: number;
}

/** How a worsening inside the SLA is told from noise (see regression.ts). */
export interface RegressionPolicy {
  readonly enabled: boolean;
  /** What is compared with the time before it. */
  readonly recentMinutes: number;
  /** Least effect: the recent median is worse than the baseline's by more than this. */
  readonly worsePercent: number;
  /** Least z of the rank test, after the correction for autocorrelation. */
  readonly minZ: number;
  /** Least minutes of baseline. */
  readonly minBaselineMinutes: number;
  /** After so long an unresolved regression is the new normal. */
  readonly adoptAfterMs: number;
}

/** Settings of the evaluation that belong to no single threshold. */
export interface SlaPolicy {
  /** Least samples in a window to judge it. */
  readonly minSamples: number;
  /** Share of the window that must be covered by samples before it is judged (cold start, gaps). */
  readonly coldStartPercent: number;
  /** How late a sample may arrive and still be put into its place in time. */
  readonly latenessMs: number;
  /** How far ahead of the clock a sample may be (skew between hosts). */
  readonly futureToleranceMs: number;
  /** A stream is no-data after this many of its periods without a sample ... */
  readonly noDataPeriods: number;
  /** ... but not before this. */
  readonly noDataAfterMs: number;
  /** A stream without samples for this long is forgotten, unless a violation of it is open. */
  readonly forgetAfterMs: number;
  /** Share of a window that must be compliant to resolve a violation. */
  readonly resolvePercent: number;
  /** How long, in windows, it must stay so. */
  readonly resolveHoldWindows: number;
  /**
   * Width of the hysteresis, as share of the way from limit to target: within it a sample is
   * compliant, but speaks only slowly for a resolution.
   */
  readonly hysteresisPercent: number;
  readonly regression: RegressionPolicy;
  readonly anomaly: AnomalyPolicy;
}

/**
 * The shipped settings. The seed's: 5 samples, 80 %, regression 15 min and 10 %. Ours: a window's
 * half for the cold start; 3 s of lateness, so that detection stays under 5 s where a sample is
 * missing; silence of 3 periods and 30 s, since one or two failed scrapes are usual; z > 4, because
 * the test is repeated every minute (p = 3e-5 once is one false finding in a month of minutes).
 */
export const DEFAULT_SLA_POLICY: SlaPolicy = {
  minSamples: 5,
  coldStartPercent: 50,
  latenessMs: 3_000,
  futureToleranceMs: 60_000,
  noDataPeriods: 3,
  noDataAfterMs: 30_000,
  forgetAfterMs: 6 * 3_600_000,
  resolvePercent: 80,
  resolveHoldWindows: 1,
  hysteresisPercent: 20,
  regression: {
    enabled: true,
    recentMinutes: 15,
    worsePercent: 10,
    minZ: 4,
    minBaselineMinutes: 30,
    adoptAfterMs: 24 * 3_600_000,
  },
  anomaly: { enabled: true, minScore: ALERT_SCORE },
};
