import type { Finding, Member, Standing } from './member.js';
import { NoiseGuard, type NoiseGuardState } from './noise-guard.js';
import type { SlaPolicy } from './policy.js';
import { severityOf, severityRank } from './severity.js';
import { limitOf, type Threshold } from './threshold.js';
import { SAMPLE_CLASS, SampleWindow, type WindowState } from './window.js';

/** Share of the sustained percentage from which a scope leans towards a violation. */
const LEANING_SHARE = 0.75;
/** Least hysteresis, as share of the limit, for a threshold whose limit is its target. */
const LEAST_HYSTERESIS = 0.02;
/** A resolution is seen by at least so many samples, however long their period. */
const HOLD_SAMPLES = 10;
/** Compliant without being calm, it takes so many times the hold. */
const UNEASY_HOLDS = 3;
/** Windows without demand after which a violation has nothing to stand on. */
const IDLE_WINDOWS = 2;
/** A sample stands for the time since the last one; longer than so many periods is a gap. */
const GAP_PERIODS = 2;

/** Plain state of a `ThresholdTrack`. */
export interface TrackState {
  readonly window: WindowState;
  readonly guard: NoiseGuardState;
  readonly periodMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly criteriaSinceMs: number | undefined;
  readonly calmSinceMs: number | undefined;
  readonly compliantSinceMs: number | undefined;
  readonly idleSinceMs: number | undefined;
  readonly judgedMs: number | undefined;
}

/**
 * The window in force at a sample period: the threshold's own, or as long as `minSamples` samples
 * need, half a period less so that jitter does not lose one. Undefined period: the threshold's.
 */
export function effectiveWindowMs(
  windowMs: number,
  periodMs: number | undefined,
  minSamples: number,
): number {
  return Math.max(windowMs, (minSamples - 0.5) * (periodMs ?? 0));
}

/**
 * One threshold over one scope's samples: the sliding window `(t - window, t]`, half open, so that it
 * holds window / period samples and a breach of 80 % of it is found with its last sample. It judges
 * each sample in O(1), knows nothing of other scopes, and opens nothing: see `ScopeGroup`.
 */
export class ThresholdTrack implements Member {
  isStale = false;
  isOpen = false;
  readonly isAdopted = false;
  standing: Standing = 'fine';
  isRecovered = false;
  isIdle = false;
  severityRank = 0;
  windowMs: number;
  /** True when the last sample was the first breach in a window without any. */
  isFirstBreach = false;
  /** True when the last sample was a breach. */
  isLastBreach = false;

  readonly limit: number;
  readonly #margin: number;
  readonly #isUpper: boolean;
  #window = new SampleWindow();
  #guard = new NoiseGuard();
  #periodMs: number | undefined;
  #isPeriodKnown = false;
  #lastMs: number | undefined;
  #criteriaSinceMs: number | undefined;
  #calmSinceMs: number | undefined;
  #compliantSinceMs: number | undefined;
  #idleSinceMs: number | undefined;
  #judgedMs: number | undefined;

  constructor(
    readonly replica: string | undefined,
    readonly threshold: Threshold,
    private readonly policy: SlaPolicy,
  ) {
    this.limit = limitOf(threshold);
    this.#isUpper = threshold.direction === 'upper';
    this.#margin = Math.max(
      (policy.hysteresisPercent / 100) * Math.abs(this.limit - threshold.target),
      LEAST_HYSTERESIS * Math.abs(this.limit),
    );
    this.windowMs = threshold.windowMs;
  }

  get sampleCount(): number {
    return this.#window.count;
  }

  /** Share of the window's samples beyond the limit, 0..1; NaN without samples. */
  get beyondRatio(): number {
    return this.#window.countFrom(SAMPLE_CLASS.minor) / this.#window.count;
  }

  /** The window's median, NaN without samples. O(n log n). */
  get median(): number {
    return this.#window.median(this.#isUpper ? 'low' : 'high');
  }

  /**
   * Takes the next sample in time order. Returns true when what others see of this track has
   * changed: standing, recovery, severity, idleness.
   */
  observe(atMs: number, value: number, periodMs: number | undefined): boolean {
    this.#enter(atMs, periodMs);
    const sampleClass = this.#classOf(value);
    const isBreach = sampleClass >= SAMPLE_CLASS.minor;
    this.isFirstBreach = isBreach && this.#window.countFrom(SAMPLE_CLASS.minor) === 0;
    this.isLastBreach = isBreach;
    const sinceLast = this.#lastMs === undefined ? 0 : atMs - this.#lastMs;
    const isGap = periodMs !== undefined && sinceLast > GAP_PERIODS * periodMs;
    this.#window.push(atMs, value, sampleClass, Math.round(isGap ? periodMs : sinceLast));
    if (!this.#isPeriodKnown && periodMs !== undefined) {
      // Only now can the gaps among the first samples be told.
      this.#window.capCovers(GAP_PERIODS * periodMs, Math.round(periodMs));
      this.#isPeriodKnown = true;
    }
    this.#lastMs = atMs;
    this.#idleSinceMs = undefined;
    return this.#judge(atMs);
  }

  /** Takes a sample without the demand that would make it evidence: time passes, nothing else. */
  observeIdle(atMs: number, periodMs: number | undefined): boolean {
    this.#enter(atMs, periodMs);
    this.isFirstBreach = false;
    this.#idleSinceMs ??= atMs;
    return this.#judge(atMs);
  }

  finding(): Finding {
    const value = this.median;
    return {
      value,
      limit: this.limit,
      severity: severityOf(value, this.threshold),
      startedAtMs: this.#window.firstFromMs(SAMPLE_CLASS.minor) ?? this.#lastMs ?? 0,
      windowMs: this.windowMs,
    };
  }

  snapshot(): TrackState {
    return {
      window: this.#window.snapshot(),
      guard: this.#guard.snapshot(),
      periodMs: this.#periodMs,
      lastMs: this.#lastMs,
      criteriaSinceMs: this.#criteriaSinceMs,
      calmSinceMs: this.#calmSinceMs,
      compliantSinceMs: this.#compliantSinceMs,
      idleSinceMs: this.#idleSinceMs,
      judgedMs: this.#judgedMs,
    };
  }

  /** Takes over the samples and the memory of another track, judged by this one's threshold. */
  adopt(state: TrackState): void {
    this.#window = SampleWindow.restore(state.window, (value) => this.#classOf(value));
    this.#guard = NoiseGuard.restore(state.guard);
    this.#periodMs = state.periodMs;
    this.#isPeriodKnown = state.periodMs !== undefined;
    this.#lastMs = state.lastMs;
    this.#criteriaSinceMs = state.criteriaSinceMs;
    this.#calmSinceMs = state.calmSinceMs;
    this.#compliantSinceMs = state.compliantSinceMs;
    this.#idleSinceMs = state.idleSinceMs;
    this.#judgedMs = state.judgedMs;
    const { windowMs } = this.threshold;
    this.windowMs = effectiveWindowMs(windowMs, this.#periodMs, this.policy.minSamples);
    if (this.#judgedMs !== undefined) this.#judge(this.#judgedMs);
  }

  /** Moves the window's end to `atMs`. */
  #enter(atMs: number, periodMs: number | undefined): void {
    this.#periodMs = periodMs;
    const { minSamples } = this.policy;
    this.windowMs = effectiveWindowMs(this.threshold.windowMs, periodMs, minSamples);
    const fromMs = atMs - this.windowMs;
    // The last few samples stay a while beyond the window: one lost scrape in a minute must not
    // leave a window with too few to judge. After a real gap they go.
    const leastMs = fromMs - this.windowMs;
    const window = this.#window;
    let oldest = window.oldestMs;
    while (
      oldest !== undefined &&
      oldest <= fromMs &&
      (window.count >= minSamples || oldest <= leastMs)
    ) {
      const sampleClass = window.shift()!;
      if (!this.isOpen) this.#guard.learn(sampleClass >= SAMPLE_CLASS.minor);
      oldest = window.oldestMs;
    }
  }

  #classOf(value: number): number {
    const excess = this.#isUpper ? value - this.limit : this.limit - value;
    if (excess > 0) return SAMPLE_CLASS.minor + severityRank(severityOf(value, this.threshold));
    return excess < -this.#margin ? SAMPLE_CLASS.calm : SAMPLE_CLASS.compliant;
  }

  #judge(atMs: number): boolean {
    const before = this.#signature();
    this.#judgedMs = atMs;
    const window = this.#window;
    const { minSamples, coldStartPercent, resolvePercent } = this.policy;
    const count = window.count;
    const beyond = window.countFrom(SAMPLE_CLASS.minor);
    const isEnough = count >= minSamples;
    const isCovered = isEnough && 100 * window.coveredMs >= coldStartPercent * this.windowMs;
    const sustained = this.threshold.sustainedPercent;

    if (2 * window.countFrom(SAMPLE_CLASS.critical) > count) this.severityRank = 2;
    else this.severityRank = 2 * window.countFrom(SAMPLE_CLASS.major) > count ? 1 : 0;

    if (isCovered && beyond > 0 && 100 * beyond >= sustained * count) {
      this.#criteriaSinceMs ??= atMs;
      const isDoubtful =
        this.severityRank === 0 &&
        !this.isOpen &&
        atMs - this.#criteriaSinceMs < this.windowMs &&
        this.#guard.doubts(beyond, count);
      this.standing = isDoubtful ? 'leaning' : 'sustained';
    } else {
      this.#criteriaSinceMs = undefined;
      const leans = 100 * beyond >= LEANING_SHARE * sustained * count && 2 * beyond > count;
      this.standing = isEnough && leans ? 'leaning' : 'fine';
    }

    const compliant = 100 * (count - beyond) >= resolvePercent * count;
    const calm = 100 * (count - window.countFrom(SAMPLE_CLASS.compliant)) >= resolvePercent * count;
    if (!isCovered || !compliant) this.#compliantSinceMs = undefined;
    else this.#compliantSinceMs ??= atMs;
    if (!isCovered || !calm) this.#calmSinceMs = undefined;
    else this.#calmSinceMs ??= atMs;
    const holdMs = Math.max(
      this.policy.resolveHoldWindows * this.windowMs,
      HOLD_SAMPLES * (this.#periodMs ?? 0),
    );
    this.isRecovered =
      this.standing === 'fine' &&
      (atMs - (this.#calmSinceMs ?? Infinity) >= holdMs ||
        atMs - (this.#compliantSinceMs ?? Infinity) >= UNEASY_HOLDS * holdMs);
    this.isIdle = atMs - (this.#idleSinceMs ?? Infinity) >= IDLE_WINDOWS * this.windowMs;
    return this.#signature() !== before;
  }

  /** What others see, as one number to compare. */
  #signature(): number {
    const standing = this.standing === 'fine' ? 0 : this.standing === 'leaning' ? 1 : 2;
    return standing + 3 * this.severityRank + (this.isRecovered ? 16 : 0) + (this.isIdle ? 32 : 0);
  }
}
