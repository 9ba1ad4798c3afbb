/** The world as interfaces. Adapters implement them, activities call them, nothing else does. */

/** Names one series: an SLI or a raw metric of a replica, or of the service as a whole. */
export interface SeriesKey {
  readonly service: string;
  /** Undefined for a series of the service as a whole. */
  readonly replica: string | undefined;
  readonly metric: string;
}

/** One series in time order: equally long arrays, Unix milliseconds and values (finite). */
export interface SeriesPoints extends SeriesKey {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** What to read: `[fromMs, toMs]`, both inclusive; fields left undefined match everything. */
export interface HistoryQuery {
  readonly service: string;
  readonly replica?: string | undefined;
  readonly metrics?: readonly string[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Recorded samples: the detector's own columns, or Prometheus. */
export interface MetricHistory {
  range(query: HistoryQuery): Promise<readonly SeriesPoints[]>;
}
