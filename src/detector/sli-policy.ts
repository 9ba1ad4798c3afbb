/** How SLIs are taken from scrapes. */
export interface SliPolicy {
  /** Window of rates and quantiles at a scrape period, ms: long enough to hold a few scrapes. */
  readonly windowMs: (periodMs: number) => number;
  /** A window with too few requests grows up to this. */
  readonly longestWindowMs: number;
  /** Requests from which a quantile's window need not grow. */
  readonly enoughForQuantile: number;
  /** Fewer requests than this in the longest window give no quantile: a gap. */
  readonly minForQuantile: number;
  /** Requests from which an error rate's window need not grow. */
  readonly enoughForRate: number;
  /** An engine with requests in flight that makes no token for so long is stalled. */
  readonly stallMs: number;
  /** A source better than the one in use is silent for so long before the next one takes over. */
  readonly sourceForgetMs: number;
  /** Raw series are stored at most this often. */
  readonly rawPeriodMs: number;
  /** Which raw series are stored, by their names as scraped. */
  readonly rawPatterns: readonly RegExp[];
  /** Raw series of one target that are stored at most. */
  readonly maxRawPerTarget: number;
}

/**
 * Ours. 200 requests are what an error rate of half a percent needs to be told from chance; the
 * window for them stays at a minute, so that a recovery shows in time.
 * The prefill of a long prompt takes seconds: 15 of them without a token are no prefill any more.
 */
export const DEFAULT_SLI_POLICY: SliPolicy = {
  windowMs: (periodMs) => Math.max(5_000, 4 * periodMs),
  longestWindowMs: 60_000,
  enoughForQuantile: 20,
  minForQuantile: 5,
  enoughForRate: 200,
  stallMs: 15_000,
  sourceForgetMs: 600_000,
  rawPeriodMs: 5_000,
  rawPatterns: [
    /^(?:aphrodite|vllm)[:_]/,
    /^DCGM_FI_/,
    /^process_(?:cpu_seconds_total|resident_memory_bytes|open_fds)$/,
    /^haproxy_(?:backend|server)_(?:current_queue|current_sessions|weight|http_responses_total|check_failures_total|connection_errors_total|retry_warnings_total|response_time_average_seconds|active_servers|http_requests_total|sessions_total)$/,
    /^gateway_/,
    /^http_requests_total$/,
    /^node_(?:load1|memory_MemAvailable_bytes|cpu_seconds_total|disk_io_time_seconds_total|network_(?:receive|transmit)_(?:bytes|errs)_total)$/,
  ],
  maxRawPerTarget: 128,
};
