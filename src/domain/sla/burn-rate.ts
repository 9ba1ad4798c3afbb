const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A pair of windows with the burn rate above which both must be. */
export interface BurnRateRule {
  readonly burnRate: number;
  readonly longMs: number;
  readonly shortMs: number;
  /** `page`: wake somebody up; `ticket`: look at it in the day. */
  readonly response: 'page' | 'ticket';
}

/**
 * Rules of the SRE workbook (Beyer et al., 2018, chapter 5, table 5-8): 2 %, 5 % and 10 % of a 30-day
 * budget spent in 1 h, 6 h and 3 days. The rule of 3 for a day is its older variant's.
 */
export const BURN_RATE_RULES: readonly BurnRateRule[] = [
  { burnRate: 14.4, longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, response: 'page' },
  { burnRate: 6, longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, response: 'page' },
  { burnRate: 3, longMs: DAY_MS, shortMs: 2 * HOUR_MS, response: 'ticket' },
  { burnRate: 1, longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS, response: 'ticket' },
];

/** What an error budget promises, and how much traffic it takes to judge it. */
export interface BurnRateObjective {
  /** Share of good events promised, above 0 and below 1, e.g. 0.999. */
  readonly objectiveRatio: number;
  /**
   * Low-traffic guard: a rule is silent while its long window has fewer bad events than this. One
   * failed request in a quiet night is a burn rate of hundreds, and no reason to wake anybody.
   */
  readonly minBadEvents: number;
}

/** The state of one rule. */
export interface BurnRateReading {
  readonly rule: BurnRateRule;
  /** Error ratio over budget, unitless; 0 without events. */
  readonly longBurnRate: number;
  readonly shortBurnRate: number;
  readonly isFiring: boolean;
}

/** Events of one minute. */
interface BurnRateMinute {
  readonly minute: number;
  readonly bad: number;
  readonly total: number;
}

/** Plain state of a `BurnRate`: minutes with events, in order. */
export type BurnRateState = readonly BurnRateMinute[];

/**
 * Multi-window, multi-burn-rate judgement of an error budget, from counts of events per minute. Adding
 * is O(1); a reading sums the minutes of the windows (at most 4,320), meant for once a minute.
 */
export class BurnRate {
  readonly #capacity: number;
  readonly #minutes: Float64Array;
  readonly #bad: Float64Array;
  readonly #total: Float64Array;

  /** Throws RangeError for an objective outside (0, 1). */
  constructor(
    private readonly objective: BurnRateObjective,
    private readonly rules: readonly BurnRateRule[] = BURN_RATE_RULES,
    state: BurnRateState = [],
  ) {
    const { objectiveRatio } = objective;
    if (!(objectiveRatio > 0 && objectiveRatio < 1)) {
      throw new RangeError(`burn rate: objective ${objectiveRatio} is outside 0..1`);
    }
    const longest = Math.max(MINUTE_MS, ...rules.map((rule) => rule.longMs));
    this.#capacity = Math.ceil(longest / MINUTE_MS) + 1;
    this.#minutes = new Float64Array(this.#capacity).fill(Number.NaN);
    this.#bad = new Float64Array(this.#capacity);
    this.#total = new Float64Array(this.#capacity);
    for (const { minute, bad, total } of state) this.#put(minute, bad, total);
  }

  /**
   * Adds `total` events of which `bad` failed, counted since the last call. Counts that are not finite,
   * negative, or have more bad than total are dropped, as are minutes older than the longest window.
   */
  add(atMs: number, bad: number, total: number): void {
    const isValid = Number.isFinite(atMs + bad + total) && bad >= 0 && bad <= total;
    if (isValid) this.#put(Math.floor(atMs / MINUTE_MS), bad, total);
  }

  /** One reading a rule, in the rules' order, over windows that end with `nowMs`'s minute. */
  readings(nowMs: number): BurnRateReading[] {
    const { objectiveRatio, minBadEvents } = this.objective;
    return this.rules.map((rule) => {
      const long = this.#sum(nowMs, rule.longMs);
      const short = this.#sum(nowMs, rule.shortMs);
      const longBurnRate = burnRateOf(long.bad, long.total, objectiveRatio);
      const shortBurnRate = burnRateOf(short.bad, short.total, objectiveRatio);
      const isBurning = longBurnRate > rule.burnRate && shortBurnRate > rule.burnRate;
      return { rule, longBurnRate, shortBurnRate, isFiring: isBurning && long.bad >= minBadEvents };
    });
  }

  snapshot(): BurnRateState {
    return Array.from(this.#minutes, (minute, slot) => ({
      minute,
      bad: this.#bad[slot]!,
      total: this.#total[slot]!,
    }))
      .filter(({ minute }) => !Number.isNaN(minute))
      .sort((a, b) => a.minute - b.minute);
  }

  #put(minute: number, bad: number, total: number): void {
    const slot = ((minute % this.#capacity) + this.#capacity) % this.#capacity;
    if (this.#minutes[slot] !== minute) {
      if (this.#minutes[slot]! > minute) return;
      this.#minutes[slot] = minute;
      this.#bad[slot] = 0;
      this.#total[slot] = 0;
    }
    this.#bad[slot]! += bad;
    this.#total[slot]! += total;
  }

  #sum(nowMs: number, lengthMs: number): { bad: number; total: number } {
    const now = Math.floor(nowMs / MINUTE_MS);
    const oldest = now - Math.ceil(lengthMs / MINUTE_MS) + 1;
    let bad = 0;
    let total = 0;
    for (let slot = 0; slot < this.#capacity; slot += 1) {
      const minute = this.#minutes[slot]!;
      if (!(minute >= oldest && minute <= now)) continue;
      bad += this.#bad[slot]!;
      total += this.#total[slot]!;
    }
    return { bad, total };
  }
}

/** Error ratio over error budget; 0 without events. */
export function burnRateOf(bad: number, total: number, objectiveRatio: number): number {
  return total === 0 ? 0 : bad / total / (1 - objectiveRatio);
}
