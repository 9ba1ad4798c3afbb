/**
 * What one scrape says about one scope, in a form in which replicas can be put together: requests by
 * bucket, parts of a whole, amounts over time, levels.
 */
export type Measure =
  | {
      readonly kind: 'histogram';
      /** Upper bounds of the buckets, ascending; the last may be Infinity. */
      readonly bounds: Float64Array;
      /** Requests at or below each bound within the window: cumulative. */
      readonly counts: Float64Array;
      readonly windowMs: number;
    }
  | {
      readonly kind: 'ratio';
      readonly part: number;
      readonly whole: number;
      readonly windowMs: number;
    }
  | { readonly kind: 'rate'; readonly amount: number; readonly windowMs: number }
  | { readonly kind: 'level'; readonly value: number; readonly combine: 'mean' | 'sum' };

/** Requests in the window of a histogram. */
export function requestsIn(counts: Float64Array): number {
  return counts.length === 0 ? 0 : counts[counts.length - 1]!;
}

/**
 * Quantile `q` (0..1) of a histogram of cumulative counts, in the unit of the bounds: linear within
 * the first bucket that reaches rank q·n, from the bound before it, or 0 for the first bucket where
 * its bound is above 0. A rank in the +Inf bucket gives the highest finite bound. Undefined without
 * requests or without a finite bound. As Prometheus' `histogram_quantile`.
 */
export function histogramQuantile(
  q: number,
  bounds: Float64Array,
  counts: Float64Array,
): number | undefined {
  const total = requestsIn(counts);
  if (!(total > 0)) return undefined;
  const rank = q * total;
  let below = 0;
  let lower = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    // Buckets of replicas that were scraped while they counted may not rise; a dip is no bucket.
    const upTo = Math.max(below, counts[i]!);
    const bound = bounds[i]!;
    if (upTo >= rank && upTo > below) {
      if (bound === Infinity) return i === 0 ? undefined : bounds[i - 1];
      const start = i === 0 && bound <= 0 ? bound : lower;
      return start + ((bound - start) * (rank - below)) / (upTo - below);
    }
    below = upTo;
    lower = bound;
  }
  const last = bounds[bounds.length - 1];
  return last === Infinity ? bounds[bounds.length - 2] : last;
}

/**
 * The measure of a service from those of its replicas, which are of one kind. Histograms with other
 * buckets than the first one's are left out. Undefined for none.
 */
export function combineMeasures(measures: readonly Measure[]): Measure | undefined {
  const [first] = measures;
  if (first === undefined || measures.length === 1) return first;
  switch (first.kind) {
    case 'histogram': {
      const { bounds } = first;
      const counts = new Float64Array(bounds.length);
      let windowMs = 0;
      for (const measure of measures) {
        if (measure.kind !== 'histogram' || !haveSameBounds(measure.bounds, bounds)) continue;
        for (let i = 0; i < counts.length; i += 1) counts[i]! += measure.counts[i]!;
        windowMs = Math.max(windowMs, measure.windowMs);
      }
      return { kind: 'histogram', bounds, counts, windowMs };
    }
    case 'ratio': {
      const all = measures.filter((measure) => measure.kind === 'ratio');
      return {
        kind: 'ratio',
        part: sum(all.map(({ part }) => part)),
        whole: sum(all.map(({ whole }) => whole)),
        windowMs: Math.max(...all.map(({ windowMs }) => windowMs)),
      };
    }
    case 'rate': {
      // Replicas may be measured over different windows: rates add up, amounts do not.
      const all = measures.filter((measure) => measure.kind === 'rate');
      const windowMs = Math.max(...all.map((measure) => measure.windowMs));
      const perMs = sum(all.map((measure) => measure.amount / measure.windowMs));
      return { kind: 'rate', amount: perMs * windowMs, windowMs };
    }
    case 'level': {
      const all = measures.filter((measure) => measure.kind === 'level');
      const total = sum(all.map(({ value }) => value));
      const value = first.combine === 'sum' ? total : total / all.length;
      return { kind: 'level', value, combine: first.combine };
    }
  }
}

function haveSameBounds(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((bound, i) => bound === b[i]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
