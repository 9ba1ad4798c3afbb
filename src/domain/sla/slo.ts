/** A service level objective: how much of what is asked may go wrong over time, for one threshold. */
export interface Slo {
  /** Unique beside the thresholds' names: the stable part of its violation's fingerprint. */
  readonly name: string;
  /** Name of the threshold whose limit says what is bad. */
  readonly threshold: string;
  /** Share of good events promised, above 0 and below 1. */
  readonly objectiveRatio: number;
  /**
   * Low-traffic guard: bad events in a rule's long window under which it is silent. Events are
   * requests for error rates with a known demand, and seconds for everything else.
   */
  readonly minBadEvents: number;
}

/** Half an hour of a whole day's budget of 99.9 % is 43 s: as many requests are no reason to wake anybody. */
export const DEFAULT_MIN_BAD_EVENTS = 10;

/** 99.9 % of requests, the target of the design document's error rate (0.1 %). */
export const DEFAULT_SLOS: readonly Slo[] = [
  {
    name: 'error_budget',
    threshold: 'error_rate_percent',
    objectiveRatio: 0.999,
    minBadEvents: DEFAULT_MIN_BAD_EVENTS,
  },
];
