import type { HistoryQuery, MetricHistory, SeriesKey, SeriesPoints } from '../domain/ports.js';
import { SampleColumn, type Appended } from './sample-column.js';

/** Settings of the store. */
export interface SeriesStoreOptions {
  /** How long samples are kept, counted from the newest one of their series. */
  readonly retentionMs: number;
  /** Memory for samples; a new series beyond it is refused and counted. */
  readonly maxBytes: number;
}

/** An hour for correlations and five minutes for the way there; 256 MB hold 4,000 series at 1 s. */
const DEFAULT_STORE_OPTIONS: SeriesStoreOptions = {
  retentionMs: 65 * 60_000,
  maxBytes: 256 * 1024 * 1024,
};

/** One series of the store, to append to without a look-up. */
export interface StoredSeries extends SeriesKey {
  readonly column: SampleColumn;
  /** Set by the store when it forgets the series; the next sample brings it back. */
  isForgotten: boolean;
}

/** How often samples were refused or moved, since the start. */
export type StoreCounts = Readonly<Record<Appended, number>>;

const SEPARATOR = '\u0000';
/** How often at most series are looked through for those to forget. */
const SWEEPS_PER_RETENTION = 10;

/** Samples of all series in columns; implements the history that verification and diagnosis read. */
export class SeriesStore implements MetricHistory {
  readonly #options: SeriesStoreOptions;
  readonly #series = new Map<string, StoredSeries>();
  readonly #byService = new Map<string, Set<StoredSeries>>();
  readonly #counts: Record<Appended, number> = {
    stored: 0,
    reordered: 0,
    duplicate: 0,
    late: 0,
    'non-finite': 0,
    full: 0,
  };
  #bytes = 0;
  #newestMs = -Infinity;
  #sweptAtMs = -Infinity;

  constructor(options: Partial<SeriesStoreOptions> = {}) {
    this.#options = { ...DEFAULT_STORE_OPTIONS, ...options };
  }

  get counts(): StoreCounts {
    return this.#counts;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Bytes of all columns. */
  get bytes(): number {
    return this.#bytes;
  }

  /** All series, in the order in which they came. */
  series(): Iterable<StoredSeries> {
    return this.#series.values();
  }

  /** The series of a key, made if need be; undefined when the memory set for samples is used up. */
  open(key: SeriesKey): StoredSeries | undefined {
    const name = [key.service, key.replica ?? '', key.metric].join(SEPARATOR);
    const known = this.#series.get(name);
    if (known !== undefined) return known;
    this.#sweep();
    if (this.#bytes >= this.#options.maxBytes) return undefined;
    const { service, replica, metric } = key;
    const series = { service, replica, metric, column: new SampleColumn(), isForgotten: false };
    this.#register(series);
    return series;
  }

  append(series: StoredSeries, atMs: number, value: number): Appended {
    if (series.isForgotten) this.#register(series);
    this.#newestMs = atMs > this.#newestMs ? atMs : this.#newestMs;
    const before = series.column.bytes;
    const result = series.column.append(atMs, value, this.#options.retentionMs);
    this.#bytes += series.column.bytes - before;
    this.#counts[result] += 1;
    return result;
  }

  /** Appends by key: `full` when it would be a new series and there is no memory left for it. */
  record(key: SeriesKey, atMs: number, value: number): Appended {
    const series = this.open(key);
    if (series !== undefined) return this.append(series, atMs, value);
    this.#counts.full += 1;
    return 'full';
  }

  /** Forgets series without a sample since an instant. Returns how many. */
  forgetBefore(atMs: number): number {
    let forgotten = 0;
    for (const [name, series] of this.#series) {
      if (series.column.newestMs >= atMs) continue;
      series.isForgotten = true;
      this.#series.delete(name);
      this.#byService.get(series.service)?.delete(series);
      this.#bytes -= series.column.bytes;
      forgotten += 1;
    }
    return forgotten;
  }

  /** The newest sample of a key, or undefined. */
  latest(key: SeriesKey): { atMs: number; value: number } | undefined {
    const name = [key.service, key.replica ?? '', key.metric].join(SEPARATOR);
    const column = this.#series.get(name)?.column;
    if (column === undefined || column.count === 0) return undefined;
    return { atMs: column.newestMs, value: column.valueAt(column.count - 1) };
  }

  /** As `range`, at once. */
  rangeNow(query: HistoryQuery): SeriesPoints[] {
    const { service, replica, metrics, fromMs, toMs } = query;
    const wanted = metrics === undefined ? undefined : new Set(metrics);
    const found: SeriesPoints[] = [];
    for (const series of this.#byService.get(service) ?? []) {
      if (replica !== undefined && series.replica !== replica) continue;
      if (wanted !== undefined && !wanted.has(series.metric)) continue;
      const points = series.column.range(fromMs, toMs);
      if (points.timesMs.length === 0) continue;
      found.push({ service, replica: series.replica, metric: series.metric, ...points });
    }
    return found;
  }

  range(query: HistoryQuery): Promise<readonly SeriesPoints[]> {
    return Promise.resolve(this.rangeNow(query));
  }

  #register(series: StoredSeries): void {
    const { service, replica, metric, column } = series;
    series.isForgotten = false;
    this.#bytes += column.bytes;
    this.#series.set([service, replica ?? '', metric].join(SEPARATOR), series);
    const siblings = this.#byService.get(service);
    if (siblings === undefined) this.#byService.set(service, new Set([series]));
    else siblings.add(series);
  }

  /** Forgets, now and then, what has aged out whole: replicas that were scaled away, labels that churn. */
  #sweep(): void {
    const { retentionMs } = this.#options;
    if (this.#newestMs - this.#sweptAtMs < retentionMs / SWEEPS_PER_RETENTION) return;
    this.#sweptAtMs = this.#newestMs;
    this.forgetBefore(this.#newestMs - retentionMs);
  }
}
