import { ThresholdTrack, type TrackState } from './evaluate.js';
import type { Rule } from './member.js';
import type { SlaPolicy } from './policy.js';
import type { Timed } from './reorder.js';
import type { SlaEvent } from './samples.js';
import { ScopeGroup, type GroupState } from './scope-group.js';
import { Tally, type TallyState } from './tally.js';
import type { Threshold } from './threshold.js';

/** Plain state of a `Judge`. */
export interface JudgeState {
  readonly service: string;
  readonly threshold: string;
  readonly group: GroupState;
  readonly tally: TallyState;
  readonly tracks: readonly (readonly [replica: string | undefined | null, state: TrackState])[];
}

/** One threshold in one service: a track per scope, the violations over them, the tally of samples. */
export class Judge {
  readonly group: ScopeGroup;
  readonly tally: Tally;
  readonly #tracks = new Map<string | undefined, ThresholdTrack>();

  constructor(
    service: string,
    public threshold: Threshold,
    private readonly policy: SlaPolicy,
    state?: JudgeState,
  ) {
    this.group = new ScopeGroup(service, threshold satisfies Rule);
    this.tally = new Tally(state?.tally);
    if (state === undefined) return;
    this.group.restore(state.group);
    for (const [replica, track] of state.tracks) this.join(replica ?? undefined).adopt(track);
  }

  get tracks(): ReadonlyMap<string | undefined, ThresholdTrack> {
    return this.#tracks;
  }

  /** The track of a scope, made if it is new. */
  join(replica: string | undefined): ThresholdTrack {
    let track = this.#tracks.get(replica);
    if (track === undefined) {
      track = new ThresholdTrack(replica, this.threshold, this.policy);
      this.#tracks.set(replica, track);
      this.group.add(track);
    }
    return track;
  }

  /** Judges the next sample of a scope. */
  observe(
    track: ThresholdTrack,
    stream: { readonly service: string; readonly metric: string },
    sample: Timed,
    periodMs: number | undefined,
    out: SlaEvent[],
  ): void {
    const { atMs, value, demandPerSecond } = sample;
    const least = this.threshold.minDemandPerSecond;
    const isGated = least !== undefined && demandPerSecond !== undefined && demandPerSecond < least;
    const isChanged = isGated
      ? track.observeIdle(atMs, periodMs)
      : track.observe(atMs, value, periodMs);
    if (!isGated) this.tally.count(atMs, track.isLastBreach);
    if (track.isFirstBreach) {
      const { metric, service } = stream;
      const { name } = this.threshold;
      const { replica, limit } = track;
      out.push({ type: 'breach', atMs, threshold: name, metric, service, replica, value, limit });
    }
    if (isChanged || this.group.isRestless) this.group.decide(atMs, out);
  }

  /** Notes that a scope's stream has stopped or come back. */
  setStale(track: ThresholdTrack, isStale: boolean, atMs: number, out: SlaEvent[]): void {
    if (track.isStale === isStale) return;
    track.isStale = isStale;
    this.group.decide(atMs, out);
  }

  /** Lets go of a replica that has left the fleet. */
  forget(replica: string | undefined, atMs: number, out: SlaEvent[]): void {
    if (!this.#tracks.delete(replica)) return;
    this.group.remove(replica, atMs, 'forgotten', out);
    this.group.decide(atMs, out);
  }

  /** The same judge under a changed threshold on the same metric: windows and violations stay. */
  amend(threshold: Threshold): Judge {
    return new Judge(this.group.service, threshold, this.policy, this.snapshot());
  }

  snapshot(): JudgeState {
    return {
      service: this.group.service,
      threshold: this.threshold.name,
      group: this.group.snapshot(),
      tally: this.tally.snapshot(),
      tracks: [...this.#tracks].map(([replica, track]) => [replica, track.snapshot()] as const),
    };
  }
}
