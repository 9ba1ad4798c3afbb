import type { TimedValues } from './align.js';
import { describeBaseline } from './measured-series.js';
import { medianOfRange } from './quantiles.js';

/** A lasting change of level. */
export interface ChangePoint {
  /** The first sample of the new level. */
  readonly atMs: number;
  /** Medians of both sides. */
  readonly before: number;
  readonly after: number;
  /** The change in standard deviations of what was before it, at most `MOST_UNITS`. */
  readonly units: number;
}

/** A level needs 3 samples: fewer are a spike. */
const LEAST_SAMPLES = 3;
/** Fewer samples than this cannot tell their own noise. */
const ENOUGH_SAMPLES = 8;
/** 4 deviations: the best of all splits of pure noise stays below that. */
const LEAST_UNITS = 4;
/** A calm past makes any change many units; more than this says no more. */
const MOST_UNITS = 1000;
/** A change by less than 2 % of the level is not worth telling. */
const LEAST_SHARE = 0.02;

/**
 * The one strongest change of level in a series, or undefined where it has none.
 *
 * The split that explains most of the variance (cumulative sums; Hinkley, 1970), kept if the medians of
 * both sides differ by 4 deviations of the side before. Ignores values that are not finite.
 */
export function findChangePoint(series: TimedValues): ChangePoint | undefined {
  const times: number[] = [];
  const finite: number[] = [];
  for (let i = 0; i < series.values.length; i++) {
    if (!Number.isFinite(series.values[i]!)) continue;
    times.push(series.timesMs[i]!);
    finite.push(series.values[i]!);
  }
  if (finite.length < 2 * LEAST_SAMPLES) return undefined;
  const values = Float64Array.from(finite);
  const split = bestSplit(values);
  const { spread, deviation } = describeBaseline(values, split);
  const before = medianOfRange(values, 0, split);
  const after = medianOfRange(values, split, values.length);
  const change = Math.abs(after - before);
  if (!(change > LEAST_SHARE * Math.max(Math.abs(before), Math.abs(after)))) return undefined;
  // A few calm samples before say nothing of the noise: then what came after says it.
  const rest =
    split < ENOUGH_SAMPLES ? describeBaseline(values.slice(split), values.length) : undefined;
  const noise = Math.max(spread, deviation, rest?.deviation ?? 0);
  const units = Math.min(MOST_UNITS, change / noise);
  return units >= LEAST_UNITS ? { atMs: times[split]!, before, after, units } : undefined;
}

function bestSplit(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  let sum = 0;
  let best = -1;
  let split = LEAST_SAMPLES;
  for (let i = 1; i <= values.length - LEAST_SAMPLES; i++) {
    sum += values[i - 1]!;
    if (i < LEAST_SAMPLES) continue;
    const left = sum / i;
    const right = (total - sum) / (values.length - i);
    const gain = (left - right) ** 2 * i * (values.length - i);
    if (gain > best) {
      best = gain;
      split = i;
    }
  }
  return split;
}
