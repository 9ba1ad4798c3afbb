import { absorb, breakout, isEmpty, magnitude, RANGE_CELLS } from './breakout-range.js';
import {
  hourOfDay,
  isHourKnown,
  learnHour,
  PROFILE_CELLS,
  residual,
  usualDeviation,
} from './hour-profile.js';
import { bucketOf, maturity, samplesPerHour, samplesSeen } from './stream-clock.js';

/**
 * Score of one sample by how far five views of the series break out of the ranges they have moved in.
 *
 * The views: the value; its slow level (a lasting one shows even where a single old spike has widened the
 * value's own range); what is left of the value without what is usual at the hour; that in units of what
 * is usual at the hour (a spike at night that noon would not notice); and the same remainder smoothed (a
 * lasting shift too small for any one sample). Break-outs add up: what shows in several views is more
 * certain. The state is a slice of cells: five ranges, the hour profile, and three numbers.
 */
const VALUE = 0;
const RESIDUAL = RANGE_CELLS;
const SCALED = 2 * RANGE_CELLS;
const SMOOTHED = 3 * RANGE_CELLS;
const SLOW = 4 * RANGE_CELLS;
const PROFILE = 5 * RANGE_CELLS;
const REST = PROFILE + PROFILE_CELLS;
const SMOOTH_VALUE = REST;
const SLOW_VALUE = REST + 1;
const HELD = REST + 2;

/** Cells (numbers) that the score's state takes. */
export const SCORE_CELLS = REST + 3;

/** The score from which a sample is an alert. */
export const ALERT_SCORE = 0.5;

/** Share of the new sample in the smoothed remainder: an average over some 24 samples (18 to 36 will do). */
const SMOOTHING = 1 / 24;
/** Share of the new sample in the slow level: over some 48 samples (36 to 60 will do). */
const SLOW_SMOOTHING = 1 / 48;

/**
 * Break-out, in widths of the range, that scores 0.5. A record of normal noise exceeds the last one by far
 * less once the range is some eight deviations wide; from 0.03 to 0.055 little changes.
 */
const ALERT_BREAKOUT = 0.045;

/**
 * By how many times more a break-out must be at the end of the warm-up. It fades as 1/age, which is how
 * the chance of a new record fades.
 */
const YOUTH = 2;

/**
 * Samples for which an alert keeps the score below 0.5, counted anew while the break-out goes on:
 * an episode is one alert. From 10 to 40 will do; longer spans swallow a second incident.
 */
const HOLD_SAMPLES = 30;
const HELD_SCORE = 0.49;

/** Samples before a deviation is a unit: one of three samples can be off by a factor that is remembered for weeks. */
const LEAST_UNIT_SAMPLES = 30;

/** Differences below this share of the magnitude are rounding. */
const ROUNDING = 1e-9;

/** Parts of the state, cut once: the same memory under names. */
export interface ScoreParts {
  readonly cells: Float64Array;
  readonly value: Float64Array;
  readonly residual: Float64Array;
  readonly scaled: Float64Array;
  readonly smoothed: Float64Array;
  readonly slow: Float64Array;
  readonly profile: Float64Array;
}

/** Names the parts of `cells` (SCORE_CELLS long, zeros for a new stream). */
export function scoreParts(cells: Float64Array): ScoreParts {
  const range = (from: number): Float64Array => cells.subarray(from, from + RANGE_CELLS);
  return {
    cells,
    value: range(VALUE),
    residual: range(RESIDUAL),
    scaled: range(SCALED),
    smoothed: range(SMOOTHED),
    slow: range(SLOW),
    profile: cells.subarray(PROFILE, PROFILE + PROFILE_CELLS),
  };
}

/**
 * Scores a finite sample, 0 (nothing new) to 1, and learns it. `clock` has ticked for it.
 * 0 in the warm-up; from `ALERT_SCORE` on it is an alert, once an episode.
 */
export function scoreBreakout(
  parts: ScoreParts,
  clock: Float64Array,
  atMs: number,
  value: number,
): number {
  const { cells, profile } = parts;
  const bucket = bucketOf(clock);
  const epsilon = ROUNDING * Math.max(magnitude(parts.value), Math.abs(value));
  let total = breakout(parts.value, value, epsilon);
  if (isEmpty(parts.slow)) cells[SLOW_VALUE] = value;
  // What averages or learns takes an outlier as what the range took in of it: one spike is one spike.
  const kept = absorb(parts.value, value, bucket);

  const slow = (cells[SLOW_VALUE]! += SLOW_SMOOTHING * (kept - cells[SLOW_VALUE]!));
  total += breakout(parts.slow, slow, epsilon);
  absorb(parts.slow, slow, bucket);

  const hour = hourOfDay(atMs);
  if (isHourKnown(profile, hour)) {
    const rest = residual(profile, hour, value);
    total += breakout(parts.residual, rest, epsilon);
    const keptRest = absorb(parts.residual, rest, bucket);

    const deviation = usualDeviation(profile, hour);
    const hasUnit = samplesSeen(clock) > LEAST_UNIT_SAMPLES;
    if (deviation > epsilon && hasUnit) {
      const scaled = rest / deviation;
      total += breakout(parts.scaled, scaled, ROUNDING);
      absorb(parts.scaled, scaled, bucket);
    }
    if (isEmpty(parts.smoothed)) cells[SMOOTH_VALUE] = keptRest;
    const smooth = (cells[SMOOTH_VALUE]! += SMOOTHING * (keptRest - cells[SMOOTH_VALUE]!));
    total += breakout(parts.smoothed, smooth, epsilon);
    absorb(parts.smoothed, smooth, bucket);
    learnHour(profile, hour, value - rest + keptRest, samplesPerHour(clock));
  } else {
    learnHour(profile, hour, kept, samplesPerHour(clock));
  }

  const mature = maturity(clock);
  if (mature === undefined) return 0;
  return holdDown(cells, total / (total + ALERT_BREAKOUT * (1 + YOUTH / mature)));
}

/** Lets one alert of an episode through, and keeps the rest of it just below. */
function holdDown(cells: Float64Array, score: number): number {
  const isAlert = score >= ALERT_SCORE;
  if (cells[HELD]! > 0) {
    cells[HELD] = isAlert ? HOLD_SAMPLES : cells[HELD]! - 1;
    return isAlert ? HELD_SCORE : score;
  }
  if (isAlert) cells[HELD] = HOLD_SAMPLES;
  return score;
}
