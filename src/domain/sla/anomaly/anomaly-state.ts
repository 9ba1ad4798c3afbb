import { scoreBreakout, SCORE_CELLS, scoreParts, type ScoreParts } from './breakout-score.js';
import { lastZ, LEVEL_CELLS, shiftedAtMs, shiftOf, trackLevel } from './level-shift.js';
import { CLOCK_CELLS, tick } from './stream-clock.js';

const LEVEL = CLOCK_CELLS;
const SCORE = LEVEL + LEVEL_CELLS;
const REJECTED = SCORE + SCORE_CELLS;
const CELLS = REJECTED + 1;

/** Version of the snapshot's layout; a snapshot of another one is refused, and the metric learned anew. */
const LAYOUT = 1;

/** Values beyond this are absurd, and would overflow the arithmetic: rejected like NaN. */
const LARGEST_VALUE = 1e100;

/**
 * What the detector knows of one metric: some 4 KB, changed in place by `scoreAnomaly` and `readAnomaly`.
 * All of it stands in one array of finite numbers, so that saving is copying.
 */
export interface AnomalyState {
  readonly cells: Float64Array;
  readonly clock: Float64Array;
  readonly level: Float64Array;
  readonly score: ScoreParts;
}

/** A saved state: plain JSON, exact, so that a restored detector scores on as if it had never stopped. */
export interface AnomalySnapshot {
  readonly layout: number;
  readonly cells: readonly number[];
}

/** What the detector says of one sample. */
export interface AnomalyReading {
  /**
   * 0 to 1; from `ALERT_SCORE` (0.5) on this sample begins an episode unlike anything of the last weeks.
   * One alert an episode; 0 in the first day (two days for periods under a minute).
   */
  readonly score: number;
  /** Robust z-score (median, MAD, hour of the day), −100 to 100; 2.5 is anomalous. 0 for the first 30 samples. */
  readonly z: number;
  /**
   * Whether most samples of the last minutes are beyond z = 2.5 on one side. Stays for as long as they are,
   * up to a day; then the new level is the normal one.
   */
  readonly shift: Shift;
}

/** A lasting change of level; `sinceMs` is when it was recognised, Unix milliseconds. */
export type Shift =
  { readonly direction: 'none' } | { readonly direction: 'up' | 'down'; readonly sinceMs: number };

const NO_SHIFT: Shift = { direction: 'none' };

/** The state of a metric of which nothing is known yet. */
export function createAnomalyState(): AnomalyState {
  return stateOver(new Float64Array(CELLS));
}

/**
 * Scores one sample and learns it: 0 (nothing new) to 1, an alert from 0.5 on.
 *
 * Samples come in order of arrival; a late or repeated timestamp is scored by its own hour and moves no
 * clock. A value or instant that is not finite, or a value beyond ±1e100, scores 0, is counted
 * (`rejectedSamples`) and changes nothing else. Constant time, no allocation.
 */
export function scoreAnomaly(state: AnomalyState, atMs: number, value: number): number {
  // One comparison each refuses NaN, the infinities and the absurd.
  if (!(Math.abs(value) <= LARGEST_VALUE) || !(Math.abs(atMs) <= Number.MAX_SAFE_INTEGER)) {
    state.cells[REJECTED]!++;
    return 0;
  }
  tick(state.clock, atMs);
  trackLevel(state.level, state.clock, atMs, value);
  return scoreBreakout(state.score, state.clock, atMs, value);
}

/** `scoreAnomaly` with everything else there is to say of the sample; a rejected one has z 0. */
export function readAnomaly(state: AnomalyState, atMs: number, value: number): AnomalyReading {
  const rejectedBefore = rejectedSamples(state);
  const score = scoreAnomaly(state, atMs, value);
  const isRejected = rejectedSamples(state) > rejectedBefore;
  return { score, z: isRejected ? 0 : lastZ(state.level), shift: currentShift(state) };
}

/** The metric's shift as of its last sample. */
function currentShift(state: AnomalyState): Shift {
  const side = shiftOf(state.level);
  if (side === 0) return NO_SHIFT;
  return { direction: side > 0 ? 'up' : 'down', sinceMs: shiftedAtMs(state.level) };
}

/** How many samples were refused as not finite or absurd. */
export function rejectedSamples(state: AnomalyState): number {
  return state.cells[REJECTED]!;
}

/** A copy of the state for a snapshot file. */
export function saveAnomalyState(state: AnomalyState): AnomalySnapshot {
  return { layout: LAYOUT, cells: Array.from(state.cells) };
}

/**
 * The state as it was saved. Throws `RangeError` for a snapshot of another layout, of the wrong length
 * or with anything but finite numbers in it; the caller then starts with a new state.
 */
export function restoreAnomalyState(snapshot: AnomalySnapshot): AnomalyState {
  const { layout, cells } = snapshot;
  if (layout !== LAYOUT) {
    throw new RangeError(`anomaly snapshot: layout ${layout} is not ${LAYOUT}; start a new state`);
  }
  if (cells.length !== CELLS) {
    throw new RangeError(
      `anomaly snapshot: ${cells.length} cells instead of ${CELLS}; start a new state`,
    );
  }
  const bad = cells.findIndex((cell) => !Number.isFinite(cell));
  if (bad >= 0) {
    throw new RangeError(`anomaly snapshot: cell ${bad} is no finite number; start a new state`);
  }
  return stateOver(Float64Array.from(cells));
}

function stateOver(cells: Float64Array): AnomalyState {
  return {
    cells,
    clock: cells.subarray(0, CLOCK_CELLS),
    level: cells.subarray(LEVEL, LEVEL + LEVEL_CELLS),
    score: scoreParts(cells.subarray(SCORE, SCORE + SCORE_CELLS)),
  };
}
