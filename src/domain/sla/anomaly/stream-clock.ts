/**
 * Time of one stream, learned from its timestamps: sample period, age, and the buckets of its memory.
 *
 * A slice of the state's cells. Time does not run backwards here: a late or repeated timestamp counts as a
 * sample, and moves nothing. Only a step back by more than a day, which no late sample is, means that an
 * earlier timestamp was wrong, and is followed.
 */
const SAMPLES = 0;
const FIRST_AT = 1;
const LAST_AT = 2;
const PERIOD = 3;
const STEPS = 4;
const BUCKET = 5;
const BUCKET_AT = 6;
const BUCKET_SAMPLES = 7;

/** Cells (numbers) that a clock takes. */
export const CLOCK_CELLS = 8;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Intervals over which the period is averaged, so that a changed scrape interval is learned. */
const PERIOD_MEMORY = 256;
/** An interval counts as at most so many periods: a gap is not a slower stream. */
const LONGEST_INTERVAL_PERIODS = 4;

/**
 * Samples without which a bucket of memory does not end, whatever its days: a day of 5-minute ones.
 * The chance of a new extreme falls with the number of samples seen, so hourly metrics that remembered
 * only 28 × 24 of them would break out ten times as often. From 48 on it matters little.
 */
const LEAST_BUCKET_SAMPLES = 288;

/** Age before anything is scored: the day's season has to be seen once. */
const WARM_UP_MS = DAY_MS;
/** Fast series see many more values, and so many more records, on their second day. */
const FAST_WARM_UP_MS = 2 * DAY_MS;
const FAST_PERIOD_MS = 60_000;
const LEAST_SAMPLES = 30;

/** Notes the arrival of a sample at `atMs`. */
export function tick(clock: Float64Array, atMs: number): void {
  const samples = ++clock[SAMPLES]!;
  if (samples === 1) {
    clock[FIRST_AT] = clock[LAST_AT] = clock[BUCKET_AT] = atMs;
    clock[BUCKET_SAMPLES] = 1;
    return;
  }
  const interval = atMs - clock[LAST_AT]!;
  if (interval > 0) {
    const steps = ++clock[STEPS]!;
    const period = clock[PERIOD]!;
    const counted = steps === 1 ? interval : Math.min(interval, LONGEST_INTERVAL_PERIODS * period);
    clock[PERIOD] = period + (counted - period) / Math.min(steps, PERIOD_MEMORY);
    clock[LAST_AT] = atMs;
  } else if (interval < -DAY_MS) {
    clock[LAST_AT] = atMs;
    clock[FIRST_AT] = Math.min(clock[FIRST_AT]!, atMs);
    clock[BUCKET_AT] = Math.min(clock[BUCKET_AT]!, atMs);
  }
  clock[BUCKET_SAMPLES]!++;
  if (
    clock[LAST_AT]! - clock[BUCKET_AT]! >= DAY_MS &&
    clock[BUCKET_SAMPLES]! >= LEAST_BUCKET_SAMPLES
  ) {
    clock[BUCKET]!++;
    clock[BUCKET_AT] = clock[LAST_AT]!;
    clock[BUCKET_SAMPLES] = 0;
  }
}

/** Number of the current bucket of memory, growing from 0. */
export function bucketOf(clock: Float64Array): number {
  return clock[BUCKET]!;
}

/** Samples seen so far. */
export function samplesSeen(clock: Float64Array): number {
  return clock[SAMPLES]!;
}

/** Mean interval between samples in milliseconds; 0 until two instants were seen. */
export function samplePeriodMs(clock: Float64Array): number {
  return clock[PERIOD]!;
}

/** The latest instant seen, Unix milliseconds. */
export function latestAtMs(clock: Float64Array): number {
  return clock[LAST_AT]!;
}

/**
 * Age of the stream in warm-ups (a day, or two for periods under a minute): nothing is scored below 1.
 * Undefined while it is younger, or has fewer than 30 samples.
 */
export function maturity(clock: Float64Array): number | undefined {
  const warmUpMs = clock[PERIOD]! < FAST_PERIOD_MS ? FAST_WARM_UP_MS : WARM_UP_MS;
  const ageMs = clock[LAST_AT]! - clock[FIRST_AT]!;
  return ageMs >= warmUpMs && clock[SAMPLES]! > LEAST_SAMPLES ? ageMs / warmUpMs : undefined;
}

/** Samples that arrive in an hour at the learned period; 1 until it is known. */
export function samplesPerHour(clock: Float64Array): number {
  return clock[PERIOD]! > 0 ? HOUR_MS / clock[PERIOD]! : 1;
}
