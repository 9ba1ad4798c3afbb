import type { Finding, Member, Standing } from './member.js';
import { MINUTE_STATE, MinuteHistory, type MinuteHistoryState } from './minute-history.js';
import type { RegressionPolicy } from './policy.js';
import {
  compareWithBaseline,
  isSignificant,
  takeBaseline,
  type Baseline,
  type Comparison,
} from './regression.js';
import { SEVERITIES, severityOf, severityRank } from './severity.js';
import { limitOf, type Threshold } from './threshold.js';

const MINUTE_MS = 60_000;
const DAY = 24 * 60;
/** How far the same hour of the day before reaches to both sides, minutes. */
const SEASON_REACH = 30;
/** How old a baseline may be before it is taken anew, minutes: sorting a day every minute is waste. */
const BASELINE_AGE = 10;
/** Share of the recent minutes that must have samples. */
const RECENT_SHARE = 0.8;
/** Minutes in a row under half the effect that end an episode. */
const CALM_MINUTES = 5;
/** Least level to take percentages of, as share of the limit. */
const FLOOR_SHARE = 0.05;

/** Plain state of a `RegressionTrack`. */
export interface RegressionTrackState {
  readonly history: MinuteHistoryState;
  readonly baseline:
    (Omit<Baseline, 'sorted'> & { readonly sorted: readonly number[] }) | undefined;
  readonly takenMinute: number | undefined;
  readonly openedMinute: number | undefined;
  readonly calmMinutes: number;
  readonly standing: Standing;
  readonly isRecovered: boolean;
  /** Undefined before the first judgement: JSON has no NaN. */
  readonly recentMedian: number | undefined;
  readonly lastMinute: number;
}

/**
 * Regression of one scope's samples: the last quarter of an hour against the day before it, worse by
 * more than 10 % and significantly so, though inside the SLA.
 *
 * Judged once a minute. Where a day of history exists, it must also be worse than the same hour of the
 * day before: a daily season is no regression after its first day. The baseline is frozen while a
 * finding is open; minutes in which a threshold was violated, or a regression open, never enter it.
 *
 * A finding is at most major: the SLA is still met, and critical would put the system into its
 * emergency mode.
 */
export class RegressionTrack implements Member {
  isStale = false;
  isOpen = false;
  readonly isIdle = false;
  standing: Standing = 'fine';
  isRecovered = false;
  isAdopted = false;
  severityRank = 0;
  readonly windowMs: number;

  #history = new MinuteHistory();
  #baseline: Baseline | undefined;
  #takenMinute: number | undefined;
  #openedMinute: number | undefined;
  #calmMinutes = 0;
  #recentMedian = Number.NaN;
  #lastMinute = 0;
  readonly #limit: number;

  /** `threshold` gives direction and limit: beyond it a breach is the threshold's affair. */
  constructor(
    readonly replica: string | undefined,
    private readonly threshold: Threshold,
    private readonly policy: RegressionPolicy,
  ) {
    this.windowMs = policy.recentMinutes * MINUTE_MS;
    this.#limit = limitOf(threshold);
  }

  /**
   * Takes the next sample in time order. `isViolated`: a violation of a threshold on the metric is
   * open. Returns true when the minute before was judged.
   */
  observe(atMs: number, value: number, isViolated: boolean): boolean {
    const { normal, regressed, violated } = MINUTE_STATE;
    const state = isViolated ? violated : this.isOpen ? regressed : normal;
    const closed = this.#history.add(atMs, value, state);
    if (closed === undefined) return false;
    this.#lastMinute = closed + 1;
    this.#noteEpisode(closed);
    // While a threshold is violated that says it all; what is learned of normal times stands still.
    if (!isViolated) this.#judge(closed);
    return true;
  }

  finding(): Finding {
    const { worsePercent } = this.policy;
    const base = this.#baseline?.median ?? Number.NaN;
    const margin = (worsePercent / 100) * Math.max(Math.abs(base), this.#floor);
    return {
      value: this.#recentMedian,
      limit: this.threshold.direction === 'upper' ? base + margin : base - margin,
      severity: SEVERITIES[this.severityRank]!,
      startedAtMs: this.#lastMinute * MINUTE_MS - this.windowMs,
      windowMs: this.windowMs,
    };
  }

  snapshot(): RegressionTrackState {
    return {
      history: this.#history.snapshot(),
      baseline: this.#baseline && {
        ...this.#baseline,
        sorted: Array.from(this.#baseline.sorted, (value) => Number(value.toPrecision(6))),
      },
      takenMinute: this.#takenMinute,
      openedMinute: this.#openedMinute,
      calmMinutes: this.#calmMinutes,
      standing: this.standing,
      isRecovered: this.isRecovered,
      recentMedian: Number.isNaN(this.#recentMedian) ? undefined : this.#recentMedian,
      lastMinute: this.#lastMinute,
    };
  }

  /** Takes over what another track knew. */
  adopt(state: RegressionTrackState): void {
    this.#history = MinuteHistory.restore(state.history);
    this.#baseline = state.baseline && {
      ...state.baseline,
      sorted: Float32Array.from(state.baseline.sorted),
    };
    this.#takenMinute = state.takenMinute;
    this.#openedMinute = state.openedMinute;
    this.#calmMinutes = state.calmMinutes;
    this.standing = state.standing;
    this.isRecovered = state.isRecovered;
    this.#recentMedian = state.recentMedian ?? Number.NaN;
    this.#lastMinute = state.lastMinute;
  }

  get #floor(): number {
    return FLOOR_SHARE * Math.abs(this.#limit);
  }

  #asThreshold(target: number): Pick<Threshold, 'target' | 'tolerancePercent' | 'direction'> {
    const { direction } = this.threshold;
    return { target, tolerancePercent: this.policy.worsePercent, direction };
  }

  #noteEpisode(closed: number): void {
    this.isAdopted = false;
    if (!this.isOpen) this.#openedMinute = undefined;
    else this.#openedMinute ??= closed;
  }

  #judge(closed: number): void {
    const { recentMinutes, minZ, worsePercent, adoptAfterMs } = this.policy;
    const end = closed + 1;
    const start = end - recentMinutes;
    const recent = this.#history.range(start, end, MINUTE_STATE.regressed);
    const baseline = this.#baselineAt(start, end);
    this.isRecovered = false;
    if (baseline === undefined || recent.length < RECENT_SHARE * recentMinutes) {
      this.standing = 'fine';
      return;
    }
    const comparison = compareWithBaseline(recent, baseline, this.threshold.direction, this.#floor);
    this.#recentMedian = comparison.recentMedian;
    const found = this.#weigh(comparison, worsePercent, minZ, start);
    this.standing = found;
    const severity = severityOf(comparison.recentMedian, this.#asThreshold(baseline.median));
    this.severityRank = Math.min(severityRank(severity), severityRank('major'));
    this.#calmMinutes = comparison.worsePercent < worsePercent / 2 ? this.#calmMinutes + 1 : 0;
    this.isRecovered = this.#calmMinutes >= CALM_MINUTES;
    if ((end - (this.#openedMinute ?? end)) * MINUTE_MS >= adoptAfterMs) this.#becomeNormal();
  }

  #weigh(comparison: Comparison, worsePercent: number, minZ: number, start: number): Standing {
    const { recentMedian } = comparison;
    const isBeyond =
      this.threshold.direction === 'upper'
        ? recentMedian > this.#limit
        : recentMedian < this.#limit;
    if (isBeyond && !this.isOpen) return 'fine';
    if (comparison.leastWorsePercent > worsePercent && isSignificant(comparison, minZ)) {
      return this.#isWorseThanYesterday(start, worsePercent, minZ) ? 'sustained' : 'fine';
    }
    const leans = comparison.worsePercent > worsePercent / 2 && isSignificant(comparison, minZ / 2);
    return leans ? 'leaning' : 'fine';
  }

  /** True also in the first day, when there is no yesterday. */
  #isWorseThanYesterday(start: number, worsePercent: number, minZ: number): boolean {
    const { recentMinutes } = this.policy;
    const then = start - DAY;
    const first = this.#history.firstMinute ?? start;
    if (first > then + recentMinutes) return true;
    const minutes = this.#history.range(
      then - SEASON_REACH,
      then + recentMinutes + SEASON_REACH,
      MINUTE_STATE.violated,
    );
    const yesterday = takeBaseline(minutes, recentMinutes);
    // A gap at this hour of yesterday: nothing can be said of the season, and silence is better.
    if (yesterday === undefined) return false;
    const recent = this.#history.range(start, start + recentMinutes, MINUTE_STATE.regressed);
    const comparison = compareWithBaseline(
      recent,
      yesterday,
      this.threshold.direction,
      this.#floor,
    );
    return comparison.worsePercent > worsePercent && isSignificant(comparison, minZ);
  }

  #baselineAt(start: number, end: number): Baseline | undefined {
    const isFresh = this.#takenMinute !== undefined && end - this.#takenMinute < BASELINE_AGE;
    if (!this.isOpen && !isFresh) {
      this.#takenMinute = end;
      const minutes = this.#history.range(start - DAY, start, MINUTE_STATE.normal);
      this.#baseline = takeBaseline(minutes, this.policy.minBaselineMinutes);
    }
    return this.#baseline;
  }

  #becomeNormal(): void {
    this.#history.adopt();
    this.#takenMinute = undefined;
    this.#calmMinutes = 0;
    this.standing = 'fine';
    this.isAdopted = true;
  }
}
