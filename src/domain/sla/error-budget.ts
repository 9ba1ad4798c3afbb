import {
  BURN_RATE_RULES,
  BurnRate,
  type BurnRateReading,
  type BurnRateState,
} from './burn-rate.js';
import type { SliSample } from './samples.js';
import type { Severity } from './severity.js';
import type { Slo } from './slo.js';
import { limitOf, type Threshold } from './threshold.js';
import { fingerprintOf, type Violation } from './violation.js';

/** A gap longer than this says nothing about the time in it. */
const LONGEST_STEP_MS = 60_000;
/** Samples of the service as a whole speak for it; without any for so long, its replicas' do. */
const OWN_FOR_MS = 300_000;
/** A rule is silent before its long window is covered for this share: an hour says nothing after a minute. */
const COLD_START_SHARE = 0.5;
const MINUTE_MS = 60_000;

/** One window of an error budget, as people read it. */
export interface BudgetWindow {
  readonly windowMs: number;
  /** How many times as fast as allowed the budget is spent, by the last so long. */
  readonly burnRate: number;
}

/** The state of an error budget of one service. */
export interface BudgetView {
  readonly slo: string;
  readonly threshold: string;
  readonly service: string;
  readonly objectiveRatio: number;
  /** Percent of the budget of the longest window (3 days) that is left, 0..100; 100 without events. */
  readonly remainingPercent: number;
  readonly windows: readonly BudgetWindow[];
  readonly isFiring: boolean;
}

/** Plain state, for a restart. */
export interface BudgetState {
  readonly slo: string;
  readonly service: string;
  readonly minutes: BurnRateState;
  readonly violation: Violation | undefined;
}

/**
 * The error budget of one service under one objective. A sample stands for the time since the one
 * before it: for an error rate with a known demand as that many requests, of which so many failed;
 * otherwise as seconds, bad ones while the SLI is beyond its threshold's limit.
 */
export class ErrorBudget {
  readonly #burn: BurnRate;
  readonly #lastMs = new Map<string | undefined, number>();
  readonly #minutesSeen: { first: number | undefined };
  #lastBad: number | undefined;
  #open: Violation | undefined;

  constructor(
    readonly slo: Slo,
    readonly service: string,
    private readonly threshold: Threshold,
    state?: BudgetState,
  ) {
    const objective = { objectiveRatio: slo.objectiveRatio, minBadEvents: slo.minBadEvents };
    this.#burn = new BurnRate(objective, BURN_RATE_RULES, state?.minutes);
    this.#minutesSeen = { first: state?.minutes[0]?.minute };
    this.#open = state?.violation;
  }

  /** The violation that is open, if any. */
  get open(): Violation | undefined {
    return this.#open;
  }

  /** Takes a sample of the threshold's metric of this service. */
  observe({ replica, atMs, value, demandPerSecond }: SliSample): void {
    if (!Number.isFinite(value) || !Number.isFinite(atMs)) return;
    const previousMs = this.#lastMs.get(replica);
    if (previousMs !== undefined && atMs <= previousMs) return;
    this.#lastMs.set(replica, atMs);
    const ownMs = this.#lastMs.get(undefined);
    if (replica !== undefined && ownMs !== undefined && atMs - ownMs < OWN_FOR_MS) return;
    if (previousMs === undefined || atMs - previousMs > LONGEST_STEP_MS) return;
    const { minDemandPerSecond, unit, violationType, direction } = this.threshold;
    const isIdle =
      minDemandPerSecond !== undefined &&
      demandPerSecond !== undefined &&
      demandPerSecond < minDemandPerSecond;
    if (isIdle) return;
    this.#minutesSeen.first ??= Math.floor(atMs / MINUTE_MS);
    const seconds = (atMs - previousMs) / 1000;
    const limit = limitOf(this.threshold);
    const isBad = direction === 'upper' ? value > limit : value < limit;
    if (isBad) this.#lastBad = value;
    if (violationType === 'error_rate_spike' && unit === '%' && demandPerSecond !== undefined) {
      const requests = demandPerSecond * seconds;
      const share = Math.min(1, Math.max(0, value / 100));
      this.#burn.add(atMs, requests * share, requests);
      if (value > 0) this.#lastBad = value;
    } else {
      this.#burn.add(atMs, isBad ? seconds : 0, seconds);
    }
  }

  /**
   * Judges the budget as of `nowMs`. `isCovered`: the threshold itself has a violation open for this
   * service; that one repairs and pages already, so the budget opens none beside it.
   */
  judge(
    nowMs: number,
    isCovered: boolean,
  ):
    | { readonly type: 'violation' | 'severity' | 'resolved'; readonly violation: Violation }
    | undefined {
    const firing = this.#firing(nowMs);
    const worst = firing[0];
    const before = this.#open;
    if (worst === undefined) {
      if (before === undefined) return undefined;
      this.#open = undefined;
      return { type: 'resolved', violation: before };
    }
    const severity: Severity = worst.rule.response === 'page' ? 'major' : 'minor';
    if (before === undefined) {
      if (isCovered) return undefined;
      this.#open = this.#violation(worst, severity, nowMs);
      return { type: 'violation', violation: this.#open };
    }
    if (before.severity === 'minor' && severity === 'major') {
      this.#open = { ...this.#violation(worst, severity, nowMs), startedAtMs: before.startedAtMs };
      return { type: 'severity', violation: this.#open };
    }
    return undefined;
  }

  /** Whether it was watched for long enough that its silence means something. */
  isCovered(nowMs: number): boolean {
    const { first } = this.#minutesSeen;
    const shortest = BURN_RATE_RULES[0]?.longMs ?? 0;
    return first !== undefined && nowMs - first * MINUTE_MS >= COLD_START_SHARE * shortest;
  }

  view(nowMs: number): BudgetView {
    const { slo, service } = this;
    const readings = this.#burn.readings(nowMs);
    // By definition what a burn rate of 1 over the whole window leaves is nothing.
    const longest = readings.at(-1)?.longBurnRate ?? 0;
    return {
      ...{ slo: slo.name, threshold: slo.threshold, service, objectiveRatio: slo.objectiveRatio },
      remainingPercent: Math.max(0, 100 * (1 - longest)),
      windows: readings.map(({ rule, longBurnRate }) => ({
        windowMs: rule.longMs,
        burnRate: longBurnRate,
      })),
      isFiring: this.#firing(nowMs).length > 0,
    };
  }

  snapshot(): BudgetState {
    const { slo, service } = this;
    return { slo: slo.name, service, minutes: this.#burn.snapshot(), violation: this.#open };
  }

  /** The rules that fire and whose long window is covered enough, the gravest first. */
  #firing(nowMs: number): BurnRateReading[] {
    const { first } = this.#minutesSeen;
    if (first === undefined) return [];
    const watchedMs = nowMs - first * MINUTE_MS;
    return this.#burn
      .readings(nowMs)
      .filter(({ rule, isFiring }) => isFiring && watchedMs >= COLD_START_SHARE * rule.longMs);
  }

  #violation(
    { rule, shortBurnRate }: BurnRateReading,
    severity: Severity,
    nowMs: number,
  ): Violation {
    const { threshold, slo, service } = this;
    const scope = { service, replica: undefined };
    return {
      ...scope,
      fingerprint: fingerprintOf(scope, slo.name),
      threshold: slo.name,
      metric: threshold.metric,
      violationType: threshold.violationType,
      severity,
      ...this.#figures(shortBurnRate, rule.burnRate),
      unit: threshold.unit,
      direction: threshold.direction,
      windowMs: rule.shortMs,
      startedAtMs: nowMs - rule.shortMs,
      detectedAtMs: nowMs,
    };
  }

  /** Value and limit in the metric's unit, so that recoveries are judged by the same SLI. */
  #figures(burnRate: number, ruleRate: number): { value: number; limit: number } {
    const { threshold, slo } = this;
    if (threshold.violationType === 'error_rate_spike' && threshold.unit === '%') {
      const budgetPercent = 100 * (1 - slo.objectiveRatio);
      // What spends the budget no faster than the rule allows.
      return { value: burnRate * budgetPercent, limit: Math.min(100, ruleRate * budgetPercent) };
    }
    const limit = limitOf(threshold);
    return { value: this.#lastBad ?? limit, limit };
  }
}
