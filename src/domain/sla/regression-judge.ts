import type { RegressionPolicy } from './policy.js';
import { RegressionTrack, type RegressionTrackState } from './regression-track.js';
import type { SlaEvent } from './samples.js';
import { ScopeGroup, type GroupState } from './scope-group.js';
import { limitOf, type Threshold } from './threshold.js';

/** Plain state of a `RegressionJudge`. */
export interface RegressionJudgeState {
  readonly service: string;
  readonly metric: string;
  readonly group: GroupState;
  readonly tracks: readonly (readonly [
    replica: string | undefined | null,
    state: RegressionTrackState,
  ])[];
}

/** Name under which a metric's regression is found: the threshold of its violations. */
export function regressionName(metric: string): string {
  return `${metric}_regression`;
}

/**
 * The threshold by which a metric's regressions are judged: the strictest of those on it. Undefined
 * where worse is not defined (thresholds in both directions) or every change is a loss already
 * (availability).
 */
export function regressionThreshold(thresholds: readonly Threshold[]): Threshold | undefined {
  const [first, ...others] = thresholds;
  if (first === undefined || others.some((t) => t.direction !== first.direction)) return undefined;
  if (thresholds.some((t) => t.violationType === 'availability_loss')) return undefined;
  const sign = first.direction === 'upper' ? 1 : -1;
  return thresholds.reduce((a, b) => (sign * (limitOf(a) - limitOf(b)) <= 0 ? a : b));
}

/** The regressions of one metric in one service, over all its scopes. */
export class RegressionJudge {
  readonly group: ScopeGroup;
  readonly #tracks = new Map<string | undefined, RegressionTrack>();

  constructor(
    service: string,
    private readonly threshold: Threshold,
    private readonly policy: RegressionPolicy,
    state?: RegressionJudgeState,
  ) {
    const { metric, unit, direction } = threshold;
    this.group = new ScopeGroup(service, {
      name: regressionName(metric),
      metric,
      unit,
      direction,
      violationType: 'performance_regression',
    });
    if (state === undefined) return;
    this.group.restore(state.group);
    for (const [replica, track] of state.tracks) this.join(replica ?? undefined).adopt(track);
  }

  /** The track of a scope, made if it is new. */
  join(replica: string | undefined): RegressionTrack {
    let track = this.#tracks.get(replica);
    if (track === undefined) {
      track = new RegressionTrack(replica, this.threshold, this.policy);
      this.#tracks.set(replica, track);
      this.group.add(track);
    }
    return track;
  }

  /** Judges the next sample of a scope; see `RegressionTrack.observe` for `isViolated`. */
  observe(
    track: RegressionTrack,
    sample: {
      readonly atMs: number;
      readonly value: number;
      readonly demandPerSecond?: number | undefined;
    },
    isViolated: boolean,
    out: SlaEvent[],
  ): void {
    const least = this.threshold.minDemandPerSecond ?? 0;
    if (sample.demandPerSecond !== undefined && sample.demandPerSecond < least) return;
    if (!track.observe(sample.atMs, sample.value, isViolated) || isViolated) return;
    this.group.decide(sample.atMs, out);
  }

  /** Lets go of a replica that has left the fleet. */
  forget(replica: string | undefined, atMs: number, out: SlaEvent[]): void {
    if (this.#tracks.delete(replica)) this.group.remove(replica, atMs, 'forgotten', out);
  }

  /** The same under another threshold on the metric, with all that is known. */
  amend(threshold: Threshold): RegressionJudge {
    return new RegressionJudge(this.group.service, threshold, this.policy, this.snapshot());
  }

  snapshot(): RegressionJudgeState {
    return {
      service: this.group.service,
      metric: this.threshold.metric,
      group: this.group.snapshot(),
      tracks: [...this.#tracks].map(([replica, track]) => [replica, track.snapshot()] as const),
    };
  }
}
