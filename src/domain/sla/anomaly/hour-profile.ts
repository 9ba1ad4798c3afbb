/**
 * What a metric usually is at each hour of the (UTC) day: mean and mean absolute deviation.
 *
 * A slice of the state's cells: `[samples…, means…, deviations…]`, 24 each, then the sum of the
 * deviations. Hours, not a finer grid: steps at the full hour are part of what the ranges learn.
 */
const HOURS = 24;
const SAMPLES = 0;
const MEANS = HOURS;
const DEVIATIONS = 2 * HOURS;
const DEVIATION_SUM = 3 * HOURS;

/** Cells (numbers) that a profile takes. */
export const PROFILE_CELLS = DEVIATION_SUM + 1;

/** Samples of an hour before it is worth comparing with. */
const LEAST_SAMPLES = 3;

/**
 * Share of an hour's mean that one day's visit replaces: about ten days of memory, slow enough for a
 * day's incident to leave the season standing. 0.05 to 0.2 does as well.
 */
const LEARNED_PER_DAY = 0.1;

/** Share of the day's mean deviation added to an hour's own: a dead-quiet hour has no unit of its own. */
const SHARED_DEVIATION = 0.1;

/** The hour of the day, 0 to 23, of an instant in Unix milliseconds. */
export function hourOfDay(atMs: number): number {
  return ((Math.floor(atMs / 3_600_000) % HOURS) + HOURS) % HOURS;
}

/** Whether the hour has been seen often enough for `residual` and `usualDeviation` to mean something. */
export function isHourKnown(profile: Float64Array, hour: number): boolean {
  return profile[SAMPLES + hour]! >= LEAST_SAMPLES;
}

/** The value less what is usual at this hour. */
export function residual(profile: Float64Array, hour: number, value: number): number {
  return value - profile[MEANS + hour]!;
}

/** How far samples of this hour usually are from its mean, never far below that of the whole day. */
export function usualDeviation(profile: Float64Array, hour: number): number {
  return profile[DEVIATIONS + hour]! + (SHARED_DEVIATION / HOURS) * profile[DEVIATION_SUM]!;
}

/** Learns a sample of a series that has `samplesPerHour` (at least 1 is taken). */
export function learnHour(
  profile: Float64Array,
  hour: number,
  value: number,
  samplesPerHour: number,
): void {
  const slowest = LEARNED_PER_DAY / Math.max(1, samplesPerHour);
  const samples = profile[SAMPLES + hour]!;
  const difference = residual(profile, hour, value);
  if (samples > 0) {
    const step =
      Math.max(slowest, 1 / samples) * (Math.abs(difference) - profile[DEVIATIONS + hour]!);
    profile[DEVIATIONS + hour]! += step;
    profile[DEVIATION_SUM]! += step;
  }
  profile[SAMPLES + hour] = samples + 1;
  profile[MEANS + hour]! += Math.max(slowest, 1 / (samples + 1)) * difference;
}
