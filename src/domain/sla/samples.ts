import type { Severity } from './severity.js';
import type { Violation } from './violation.js';

/** One measured SLI value. `replica` undefined: measured for the service as a whole. */
export interface SliSample {
  readonly metric: string;
  readonly service: string;
  readonly replica: string | undefined;
  /** Event time: when it was measured, not when it arrived. */
  readonly atMs: number;
  /** In the unit of the thresholds on this metric. */
  readonly value: number;
  /**
   * Requests per second behind the sample. Under a threshold's `minDemandPerSecond` the sample is no
   * evidence for it. Unknown (undefined) demand is not gated: a source that cannot tell the demand
   * must not silence a threshold.
   */
  readonly demandPerSecond?: number | undefined;
}

/** Names a stream of samples. */
export interface StreamId {
  readonly metric: string;
  readonly service: string;
  readonly replica: string | undefined;
}

/**
 * Why a violation ended.
 *
 * `compliant`: the window is and stays compliant. `no-demand`: nobody asks for the service any more,
 * so nothing can show it met or broken. `threshold-removed`: the threshold is gone or disabled.
 * `forgotten`: its replica is gone from the fleet. `new-normal`: a regression older than
 * `regression.adoptAfterMs` has become the baseline. `breaker`: the breaker whose trials failed has
 * closed, or a person has isolated it.
 */
export type ResolvedBecause =
  'compliant' | 'no-demand' | 'threshold-removed' | 'forgotten' | 'new-normal' | 'breaker';

/**
 * What the evaluator reports. `atMs` is event time: of the sample that made it so, or for no-data the
 * instant at which the stream was overdue.
 */
export type SlaEvent =
  | ({
      /** First breaching sample in a window without any: pending, not yet a violation. */
      readonly type: 'breach';
      readonly atMs: number;
      readonly threshold: string;
      readonly value: number;
      readonly limit: number;
    } & StreamId)
  | { readonly type: 'violation'; readonly atMs: number; readonly violation: Violation }
  | {
      readonly type: 'severity';
      readonly atMs: number;
      readonly violation: Violation;
      readonly previous: Severity;
    }
  | {
      readonly type: 'resolved';
      readonly atMs: number;
      /** As last known, with the window's median at its end. */
      readonly violation: Violation;
      readonly because: ResolvedBecause;
    }
  | ({
      readonly type: 'no-data';
      readonly atMs: number;
      /** The last sample before the silence. */
      readonly sinceMs: number;
    } & StreamId)
  | ({
      readonly type: 'data-returned';
      readonly atMs: number;
      readonly sinceMs: number;
    } & StreamId)
  | ({
      readonly type: 'anomaly';
      readonly atMs: number;
      readonly value: number;
      /** 0..1, from `policy.anomaly.minScore` on. */
      readonly score: number;
      /** Robust z-score of the sample, -100..100. */
      readonly z: number;
    } & StreamId);

/** Samples that were not evaluated, by reason, since the evaluator was made. */
export interface RejectedCounts {
  /** NaN or ±Inf, as value or time. */
  readonly nonFinite: number;
  /** Negative where impossible, or absurd: see `plausibleRange`. */
  readonly implausible: number;
  /** Measured later than now plus `futureToleranceMs`. */
  readonly future: number;
  /** Arrived after its place in time was evaluated. */
  readonly late: number;
  readonly duplicate: number;
}
