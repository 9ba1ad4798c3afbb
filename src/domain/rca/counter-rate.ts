import type { SeriesPoints } from '../ports.js';

/** Names of counters: Prometheus' suffix, and engines' counters that lack it. */
const COUNTER =
  /_total(\{|$)|prefix_cache_(hits|queries)$|num_preemptions$|(prompt|generation)_tokens$/;
/** A counter that falls more often than this is none, whatever its name: a process restarts rarely. */
const MOST_RESETS_SHARE = 0.1;

/**
 * A counter as a rate per second, anything else as it is.
 *
 * Told by its name and by never falling but for resets. A reset counts from 0. The first sample is lost.
 */
export function rateOfCounter(series: SeriesPoints): SeriesPoints {
  if (!COUNTER.test(series.metric) || !grows(series.values)) return series;
  const timesMs: number[] = [];
  const values: number[] = [];
  for (let i = 1; i < series.values.length; i++) {
    const seconds = (series.timesMs[i]! - series.timesMs[i - 1]!) / 1000;
    if (!(seconds > 0)) continue;
    const now = series.values[i]!;
    const before = series.values[i - 1]!;
    timesMs.push(series.timesMs[i]!);
    values.push((now >= before ? now - before : now) / seconds);
  }
  return { ...series, timesMs, values };
}

function grows(values: readonly number[]): boolean {
  let falls = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) falls++;
  return values.length > 2 && falls <= MOST_RESETS_SHARE * values.length;
}
