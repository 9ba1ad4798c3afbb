import {
  createAnomalyState,
  readAnomaly,
  restoreAnomalyState,
  saveAnomalyState,
  type AnomalySnapshot,
  type AnomalyState,
} from './anomaly/anomaly-state.js';
import type { ThresholdTrack } from './evaluate.js';
import type { Judge } from './judge.js';
import { ReorderBuffer, type ReorderState, type Timed } from './reorder.js';
import type { SlaPolicy } from './policy.js';
import type { RegressionJudge } from './regression-judge.js';
import type { RegressionTrack } from './regression-track.js';
import type { SlaEvent, StreamId } from './samples.js';

/** A silence is declared after 60 s periods where the period is not known yet. */
const UNKNOWN_PERIOD_MS = 60_000;

/** Plain state of a `Stream`. */
export interface StreamState {
  readonly metric: string;
  readonly service: string;
  readonly replica: string | undefined;
  readonly reorder: ReorderState;
  readonly isSilent: boolean;
  /** Undefined where anomalies are not looked for. */
  readonly anomaly: AnomalySnapshot | undefined;
}

/** The samples of one metric of one scope: their order, their period, whether they still come. */
export class Stream {
  /** Who judges the samples; set by the evaluator. */
  seats: readonly { readonly judge: Judge; readonly track: ThresholdTrack }[] = [];
  /** Who looks for regressions; undefined where nobody does. */
  regression: { readonly judge: RegressionJudge; readonly track: RegressionTrack } | undefined;
  reorder: ReorderBuffer;
  #isSilent = false;
  readonly #anomaly: AnomalyState | undefined;

  constructor(
    readonly id: StreamId,
    private readonly policy: SlaPolicy,
    state?: StreamState,
  ) {
    this.reorder =
      state === undefined
        ? new ReorderBuffer(policy.latenessMs)
        : ReorderBuffer.restore(state.reorder, policy.latenessMs);
    this.#isSilent = state?.isSilent ?? false;
    if (!policy.anomaly.enabled) return;
    this.#anomaly = anomalyStateFrom(state?.anomaly);
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** The instant at which the stream is overdue; Infinity before the first sample and in silence. */
  get overdueAtMs(): number {
    const { lastMs, periodMs } = this.reorder;
    if (lastMs === undefined || this.#isSilent) return Infinity;
    const silence = this.policy.noDataPeriods * (periodMs ?? UNKNOWN_PERIOD_MS);
    return lastMs + Math.max(this.policy.noDataAfterMs, silence);
  }

  /** Reports that the stream fell silent: its last sample was at `sinceMs`, and it was overdue. */
  reportSilence(overdueAtMs: number, sinceMs: number | undefined, out: SlaEvent[]): void {
    this.#isSilent = true;
    out.push({ type: 'no-data', atMs: overdueAtMs, sinceMs: sinceMs ?? overdueAtMs, ...this.id });
    this.#setStale(true, overdueAtMs, out);
  }

  /** Judges a sample released by the reorder buffer; `previousMs` is the time of the one before. */
  judge(sample: Timed, previousMs: number | undefined, out: SlaEvent[]): void {
    if (this.#isSilent) {
      this.#isSilent = false;
      const sinceMs = previousMs ?? sample.atMs;
      out.push({ type: 'data-returned', atMs: sample.atMs, sinceMs, ...this.id });
      this.#setStale(false, sample.atMs, out);
    }
    const { periodMs } = this.reorder;
    for (const { judge, track } of this.seats) judge.observe(track, this.id, sample, periodMs, out);
    if (this.regression !== undefined) {
      const isViolated = this.seats.some((seat) => seat.judge.group.hasOpen);
      this.regression.judge.observe(this.regression.track, sample, isViolated, out);
    }
    if (this.#anomaly === undefined) return;
    const { atMs, value } = sample;
    const { score, z } = readAnomaly(this.#anomaly, atMs, value);
    if (score >= this.policy.anomaly.minScore) {
      out.push({ type: 'anomaly', atMs, value, score, z, ...this.id });
    }
  }

  /** Tells newly seated tracks whether the stream is silent. */
  seatStaleness(): void {
    for (const { track } of this.seats) track.isStale = this.#isSilent;
    if (this.regression !== undefined) this.regression.track.isStale = this.#isSilent;
  }

  snapshot(): StreamState {
    return {
      ...this.id,
      reorder: this.reorder.snapshot(),
      isSilent: this.#isSilent,
      anomaly: this.#anomaly && saveAnomalyState(this.#anomaly),
    };
  }

  #setStale(isStale: boolean, atMs: number, out: SlaEvent[]): void {
    for (const { judge, track } of this.seats) judge.setStale(track, isStale, atMs, out);
    if (this.regression !== undefined) this.regression.track.isStale = isStale;
  }
}

/** A snapshot of another version of the detector is no reason not to start: it learns anew. */
function anomalyStateFrom(saved: AnomalySnapshot | undefined): AnomalyState {
  if (saved === undefined) return createAnomalyState();
  try {
    return restoreAnomalyState(saved);
  } catch (error) {
    if (error instanceof RangeError) return createAnomalyState();
    throw error;
  }
}
