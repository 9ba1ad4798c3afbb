import { hourOfDay } from './hour-profile.js';
import { latestAtMs, samplePeriodMs } from './stream-clock.js';

/**
 * Robust z-score against a baseline that leaves anomalies out, and whether the level has shifted.
 *
 * Baseline: a running median, by hour of the day from the second day on, and the running median of the
 * absolute deviations from it (MAD). Both move by the sign of a deviation, never by its size, so that
 * no single sample can carry them off, and they stand still while the level is shifted: the shift is
 * flagged for as long as it lasts. After a day of it the new level is the normal one, and is learned anew.
 *
 * State, a slice of cells: the scalars below, `[first samples…]`, `[medians by hour…]`, `[known…]`.
 */
const SEEN = 0;
const CENTRE = 1;
const MAD = 2;
const MEAN_DEVIATION = 3;
const SHARE = 4;
const SHIFT = 5;
const SHIFTED_AT = 6;
const HOUR_ID = 7;
const HOUR_SUM = 8;
const HOUR_SAMPLES = 9;
const Z = 10;
const FIRST = 11;

/** Samples of which the first median and MAD are taken exactly. */
const FIRST_SAMPLES = 30;
const MEDIANS = FIRST + FIRST_SAMPLES;
const KNOWN = MEDIANS + 24;

/** Cells (numbers) that the state takes. */
export const LEVEL_CELLS = KNOWN + 24;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** z-score beyond which a sample is anomalous (design document). */
export const ANOMALOUS_Z = 2.5;
/** Bound of z, for baselines without any spread; deviations beyond so many σ count as that many. */
const LARGEST_Z = 100;

/** σ of a normal distribution per MAD (1 / 0.6745) and per mean deviation (√(π/2)): Iglewicz & Hoaglin, 1993. */
const SIGMA_PER_MAD = 1.4826;
const SIGMA_PER_MEAN_DEVIATION = 1.2533;
/** Least σ as a share of the level: a steady metric that moves by less than 0.25 % has not shifted. */
const LEAST_SIGMA_SHARE = 0.001;

/**
 * Time constant of the median while the hour is not known: it moves by at most 1.25 σ an hour, which a
 * daily season's flank seldom exceeds, and a step is recognised before the median has followed it.
 */
const CENTRE_MS = HOUR_MS;
const CENTRE_SAMPLES = 30;
/** Time constant of the spread: longer than what happens within a shift of work, shorter than a day. */
const SPREAD_MS = 6 * HOUR_MS;
const SPREAD_SAMPLES = 50;
/** Huber's constant: residuals beyond 1.345 σ count as that many in an hour's median. */
const HUBER_SIGMAS = 1.345;
/** Share of an hour's error that one day corrects: some three days of memory. */
const HOUR_CORRECTION = 0.3;

/** The share of anomalous samples is averaged over two minutes and at least 12 samples … */
const SHARE_MS = 2 * MINUTE_MS;
const SHARE_SAMPLES = 12;
/** … above 0.5 the level is shifted, below 0.25 it is back; noise has 0.012, a lasting 4-σ shift 0.9. */
const SHIFT_FROM = 0.5;
const SHIFT_UNTIL = 0.25;
/** A level that held for so long, with every hour of the day in it, is the new normal. */
const ADOPT_MS = 24 * HOUR_MS;

/** z-score of the last sample, −100 to 100; 0 during the first 30 samples. */
export function lastZ(level: Float64Array): number {
  return level[Z]!;
}

/** Whether, and to which side, the level is shifted: −1, 0 or 1. */
export function shiftOf(level: Float64Array): number {
  return level[SHIFT]!;
}

/** When the shift was recognised, Unix milliseconds; only meaningful while `shiftOf` is not 0. */
export function shiftedAtMs(level: Float64Array): number {
  return level[SHIFTED_AT]!;
}

/** Judges a finite sample against the baseline, and learns it unless the level is shifted. */
export function trackLevel(
  level: Float64Array,
  clock: Float64Array,
  atMs: number,
  value: number,
): void {
  level[Z] = 0;
  if (level[SEEN]! < FIRST_SAMPLES) {
    level[FIRST + level[SEEN]!++] = value;
    if (level[SEEN] === FIRST_SAMPLES) startBaseline(level, atMs);
    return;
  }
  const periodMs = samplePeriodMs(clock);
  const baseline = baselineAt(level, atMs);
  const deviation = value - baseline;
  const sigma = sigmaOf(level, baseline);
  const z = sigma > 0 ? deviation / sigma : deviation === 0 ? 0 : Math.sign(deviation) * LARGEST_Z;
  level[Z] = Math.max(-LARGEST_Z, Math.min(LARGEST_Z, z));
  judgeShift(level, latestAtMs(clock), periodMs);
  if (level[SHIFT] === 0) learn(level, atMs, value, deviation, sigma, periodMs);
}

function sigmaOf(level: Float64Array, baseline: number): number {
  return Math.max(
    SIGMA_PER_MAD * level[MAD]!,
    // Where more than half of the samples are equal, the MAD is 0 and this one is not.
    SIGMA_PER_MEAN_DEVIATION * level[MEAN_DEVIATION]!,
    LEAST_SIGMA_SHARE * Math.abs(baseline),
  );
}

/** The exact median and MAD of the first samples. */
function startBaseline(level: Float64Array, atMs: number): void {
  const first = level.slice(FIRST, FIRST + FIRST_SAMPLES);
  level[CENTRE] = median(first);
  const deviations = first.map((each) => Math.abs(each - level[CENTRE]!));
  level[MEAN_DEVIATION] = deviations.reduce((sum, each) => sum + each, 0) / FIRST_SAMPLES;
  level[MAD] = median(deviations);
  level[HOUR_ID] = Math.floor(atMs / HOUR_MS);
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return (sorted[middle]! + sorted[sorted.length - 1 - middle]!) / 2;
}

/** The hour's median, joined by straight lines between the middles of known hours; else the running one. */
function baselineAt(level: Float64Array, atMs: number): number {
  const hour = hourOfDay(atMs);
  if (level[KNOWN + hour] === 0) return level[CENTRE]!;
  const fromMiddle = atMs / HOUR_MS - Math.floor(atMs / HOUR_MS) - 0.5;
  const neighbour = (hour + (fromMiddle < 0 ? 23 : 1)) % 24;
  const here = level[MEDIANS + hour]!;
  if (level[KNOWN + neighbour] === 0) return here;
  return here + Math.abs(fromMiddle) * (level[MEDIANS + neighbour]! - here);
}

function judgeShift(level: Float64Array, nowMs: number, periodMs: number): void {
  const side = level[Z]! > ANOMALOUS_Z ? 1 : level[Z]! < -ANOMALOUS_Z ? -1 : 0;
  level[SHARE]! +=
    Math.min(1 / SHARE_SAMPLES, (periodMs || MINUTE_MS) / SHARE_MS) * (side - level[SHARE]!);
  const share = level[SHARE]!;
  level[SHIFTED_AT] = Math.min(level[SHIFTED_AT]!, nowMs);
  if (level[SHIFT] === 0) {
    if (Math.abs(share) <= SHIFT_FROM) return;
    level[SHIFT] = Math.sign(share);
    level[SHIFTED_AT] = nowMs;
  } else if (share * level[SHIFT]! < SHIFT_UNTIL) {
    level[SHIFT] = 0;
  } else if (nowMs - level[SHIFTED_AT] >= ADOPT_MS) {
    level.fill(0);
  }
}

function learn(
  level: Float64Array,
  atMs: number,
  value: number,
  deviation: number,
  sigma: number,
  periodMs: number,
): void {
  if (level[SEEN] === 0) return;
  closeHour(level, Math.floor(atMs / HOUR_MS));
  const spreadGain = Math.min(1 / SPREAD_SAMPLES, periodMs / SPREAD_MS);
  const size = Math.abs(deviation);
  level[MAD]! *= size > level[MAD]! ? 1 + spreadGain : 1 / (1 + spreadGain);
  const counted = sigma > 0 ? Math.min(size, LARGEST_Z * sigma) : size;
  level[MEAN_DEVIATION]! += spreadGain * (counted - level[MEAN_DEVIATION]!);

  const centreGain = Math.min(1 / CENTRE_SAMPLES, periodMs / CENTRE_MS);
  level[CENTRE]! +=
    centreGain * SIGMA_PER_MEAN_DEVIATION * sigma * Math.sign(value - level[CENTRE]!);

  const bound = HUBER_SIGMAS * sigma;
  level[HOUR_SUM]! += value - deviation + Math.max(-bound, Math.min(bound, deviation));
  level[HOUR_SAMPLES]!++;
}

/** Ends the hour that a sample of a later one has left behind: its level becomes, or corrects, its median. */
function closeHour(level: Float64Array, hourId: number): void {
  // Late samples belong to the hour that is open; a step back by more than a day is a corrected clock.
  if (hourId <= level[HOUR_ID]! && hourId > level[HOUR_ID]! - 24) return;
  const hour = hourOfDay(level[HOUR_ID]! * HOUR_MS);
  if (level[HOUR_SAMPLES]! > 0) {
    const seen = level[HOUR_SUM]! / level[HOUR_SAMPLES]!;
    const known = level[KNOWN + hour] === 1;
    level[MEDIANS + hour]! += (known ? HOUR_CORRECTION : 1) * (seen - level[MEDIANS + hour]!);
    level[KNOWN + hour] = 1;
  }
  level[HOUR_ID] = hourId;
  level[HOUR_SUM] = 0;
  level[HOUR_SAMPLES] = 0;
}
