/** What a breaker watches: the four services of the design document. */
export const BREAKER_KINDS = [
  /** The engine as its callers see it: answers 5xx, refused and cut connections at the gateway. */
  'aphrodite_engine',
  /** The model behind it: completions of one token that the health checks ask for. */
  'model_inference',
  /** Its KV cache: samples of its use beyond their threshold's limit. */
  'kv_cache',
  /** Deep Tree Echo: samples of its convergence beyond their threshold's limit. */
  'deep_tree_echo',
] as const;
export type BreakerKind = (typeof BREAKER_KINDS)[number];

/** How a breaker of a kind behaves. Lengths of time in milliseconds. */
export interface BreakerSettings {
  /** Failures that open it. */
  readonly failureThreshold: number;
  /** Successes in a row that close it again, on trial. */
  readonly successThreshold: number;
  /** How long it stays open before the trial. */
  readonly openMs: number;
  /** Failures older than this no longer count. */
  readonly failureWindowMs: number;
  /**
   * Successes that make one failure good. Without it a replica that fails once in a thousand requests
   * would open by its sheer traffic; with 10 only a share of failures above about 9 % adds up.
   */
  readonly forgivingSuccesses: number;
  /** Share of its weight that a replica gets on trial, percent. */
  readonly halfOpenPercent: number;
  /** Whether an opening by its own rules is enforced at the load balancer, or only told. */
  readonly enforce: boolean;
  /**
   * Failed trials in a row after which its replica has an incident of its own: kept away, it shows in no
   * SLI any more. 0 for never.
   */
  readonly incidentAfterTrials: number;
}

const SHARED = {
  ...{ forgivingSuccesses: 1, halfOpenPercent: 10, enforce: true, incidentAfterTrials: 3 },
} as const;
const MINUTE_MS = 60_000;

/**
 * Thresholds and open times of the design document. The windows are ours: long enough for the kind's
 * own source, which for probes is one a minute.
 *
 * KV cache and echo are told, not enforced: a full cache is mostly too much load, and taking a replica
 * out for it would fill its peers'. Nor do they open incidents: their SLIs' own thresholds do.
 */
export const DEFAULT_BREAKERS: Readonly<Record<BreakerKind, BreakerSettings>> = {
  aphrodite_engine: {
    ...{ failureThreshold: 5, successThreshold: 3, openMs: 60_000, failureWindowMs: MINUTE_MS },
    ...SHARED,
    forgivingSuccesses: 10,
  },
  model_inference: {
    ...{ failureThreshold: 3, successThreshold: 2, openMs: 30_000, failureWindowMs: 5 * MINUTE_MS },
    ...SHARED,
  },
  kv_cache: {
    ...{ failureThreshold: 7, successThreshold: 4, openMs: 45_000, failureWindowMs: 2 * MINUTE_MS },
    ...SHARED,
    enforce: false,
    incidentAfterTrials: 0,
  },
  deep_tree_echo: {
    ...{ failureThreshold: 4, successThreshold: 3, openMs: 90_000 },
    ...{ failureWindowMs: 15 * MINUTE_MS },
    ...SHARED,
    enforce: false,
    incidentAfterTrials: 0,
  },
};
