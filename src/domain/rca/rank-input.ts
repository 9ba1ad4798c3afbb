/** A service calls another: `from` waits for `to`. */
export interface CallEdge {
  readonly from: string;
  readonly to: string;
}

/** One series of a service (or of a replica that stands as a service of its own), in time order. */
export interface RankSeries {
  readonly service: string;
  readonly metric: string;
  /** Unix milliseconds, ascending. */
  readonly timesMs: ArrayLike<number>;
  /** As long as `timesMs`; finite. */
  readonly values: ArrayLike<number>;
}

/** What the ranker needs to know. Plain data, so that it crosses threads and processes. */
export interface RankInput {
  /** The period of most series. */
  readonly stepMs: number;
  readonly incident: {
    /** Where the symptom was seen. */
    readonly service: string;
    readonly metric: string;
    /** When it was seen; the onset is looked for around it. */
    readonly startedAtMs: number;
    /** What got worse there; `performance`: something did. */
    readonly kind: 'latency' | 'availability' | 'errors' | 'performance';
  };
  /** Who calls whom; empty where unknown. */
  readonly topology: readonly CallEdge[];
  readonly series: readonly RankSeries[];
}

/** One suspect, the metric that speaks against it most, and how much (comparable within a ranking). */
export interface RankedCause {
  readonly service: string;
  /** Empty where nothing speaks against it. */
  readonly metric: string;
  readonly score: number;
}

/** All services, the likeliest cause first. */
export interface RootCauseRanking {
  readonly ranking: readonly RankedCause[];
  /** Whether the first may be named as the cause; the order is only an order otherwise. */
  readonly confident: boolean;
  /** When it began, as the series show. */
  readonly onsetMs: number;
  /** What decided: `excess-flow` over the calls, or `shift` of each series against its past. */
  readonly method: 'excess-flow' | 'shift';
}
