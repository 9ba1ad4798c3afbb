import { SeriesMap, type Labels, type LabelSpec } from './labels.js';

/** The Prometheus types that we export. */
type MetricType = 'counter' | 'gauge' | 'histogram';

/** A family as the registry sees it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** Names of its labels. */
  readonly labels: readonly string[];
  /** Makes every series with closed labels, at 0. */
  fill(): void;
  /** Its samples as lines of text format 0.0.4; none while nothing was recorded. */
  samples(): Iterable<string>;
}

/** Only grows, except that a restart begins anew. */
export class Counter<S extends LabelSpec> implements Family {
  readonly type = 'counter';
  readonly labels: readonly string[];
  readonly #series: SeriesMap<S, { value: number }>;

  constructor(
    readonly name: string,
    readonly help: string,
    spec: S,
  ) {
    this.labels = Object.keys(spec);
    this.#series = new SeriesMap(spec, () => ({ value: 0 }));
  }

  /** Adds `by`, 1 by default; what is not finite or below 0 is ignored, since a counter cannot take it back. */
  add(labels: Labels<S>, by = 1): void {
    if (by >= 0 && Number.isFinite(by)) this.#series.at(labels).value += by;
  }

  /** Starts at `total` instead of 0, if it is not there already: see `seedTelemetry`. */
  startAt(labels: Labels<S>, total: number): void {
    const series = this.#series.at(labels);
    if (Number.isFinite(total)) series.value = Math.max(series.value, total);
  }

  fill(): void {
    this.#series.fill();
  }

  *samples(): Iterable<string> {
    for (const [labels, { value }] of this.#series.entries()) {
      yield sampleLine(this.name, labels, value);
    }
  }
}

/** Goes up and down; not exported before it is first set. */
export class Gauge<S extends LabelSpec> implements Family {
  readonly type = 'gauge';
  readonly labels: readonly string[];
  readonly #series: SeriesMap<S, { value: number }>;

  constructor(
    readonly name: string,
    readonly help: string,
    spec: S,
  ) {
    this.labels = Object.keys(spec);
    this.#series = new SeriesMap(spec, () => ({ value: 0 }));
  }

  set(labels: Labels<S>, value: number): void {
    this.#series.at(labels).value = value;
  }

  /** Forgets the series of something that is gone. */
  remove(labels: Labels<S>): void {
    this.#series.delete(labels);
  }

  /** Nothing: a gauge that nobody set has no value, 0 would be a claim. */
  fill(): void {
    return;
  }

  *samples(): Iterable<string> {
    for (const [labels, { value }] of this.#series.entries()) {
      yield sampleLine(this.name, labels, value);
    }
  }
}

interface HistogramSeries {
  /** Observations per bucket, not cumulative; the last one is for what is above every bound. */
  readonly counts: number[];
  sum: number;
}

/** Observations in buckets; `bounds` are inclusive upper bounds, ascending, without +Inf. */
export class Histogram<S extends LabelSpec> implements Family {
  readonly type = 'histogram';
  readonly labels: readonly string[];
  readonly #series: SeriesMap<S, HistogramSeries>;

  /** @throws RangeError if the bounds do not ascend, or are none. */
  constructor(
    readonly name: string,
    readonly help: string,
    spec: S,
    readonly bounds: readonly number[],
  ) {
    const ascends = bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? Infinity));
    if (bounds.length === 0 || !ascends || !bounds.every(Number.isFinite)) {
      throw new RangeError(
        `${name}: bucket bounds [${bounds.join(', ')}] must be finite and ascend`,
      );
    }
    this.labels = Object.keys(spec);
    this.#series = new SeriesMap(spec, () => ({
      counts: Array.from({ length: bounds.length + 1 }, () => 0),
      sum: 0,
    }));
  }

  /** Makes the series at 0, so that `rate()` sees its first value. */
  expect(labels: Labels<S>): void {
    this.#series.at(labels);
  }

  /** Records one value; what is not finite is ignored, since it would poison the sum for ever. */
  observe(labels: Labels<S>, value: number): void {
    if (!Number.isFinite(value)) return;
    const series = this.#series.at(labels);
    const found = this.bounds.findIndex((bound) => value <= bound);
    const index = found < 0 ? this.bounds.length : found;
    series.counts[index] = (series.counts[index] ?? 0) + 1;
    series.sum += value;
  }

  fill(): void {
    this.#series.fill();
  }

  *samples(): Iterable<string> {
    for (const [labels, { counts, sum }] of this.#series.entries()) {
      const before = labels === '' ? '' : `${labels},`;
      let total = 0;
      for (const [i, count] of counts.entries()) {
        total += count;
        const le = formatValue(this.bounds[i] ?? Infinity);
        yield sampleLine(`${this.name}_bucket`, `${before}le="${le}"`, total);
      }
      yield sampleLine(`${this.name}_sum`, labels, sum);
      yield sampleLine(`${this.name}_count`, labels, total);
    }
  }
}

function sampleLine(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${formatValue(value)}`;
}

/** A number as text format 0.0.4 spells it. */
function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
