/** What looking at the fleet before an action gave: read by an activity, acted on by a recovery. */

/** A state between a mitigation and what was before it. */
export interface RampStage {
  readonly desired: unknown;
  /** In words and exact calls. */
  readonly line: string;
}

/** A step that is ready to act, with the state before it; or why it does not act. */
export type Preparation =
  | {
      readonly kind: 'ready';
      readonly before: unknown;
      readonly desired: unknown;
      /** What it will do, in words and exact calls. */
      readonly line: string;
      readonly undoLine: string;
      /** Where it is released step by step: the states in between, from what it sets towards what was. */
      readonly ramp?: readonly RampStage[];
    }
  /** `skip`: there is no need for it; `refuse`: a safety limit or the fleet forbids it. */
  | { readonly kind: 'skip' | 'refuse'; readonly why: string };

/** Steps that were looked at ahead, in order: all but the last are left out, the last may act. */
export interface ReadyAhead {
  /** When they were looked at. */
  readonly atMs: number;
  readonly steps: readonly { readonly id: string; readonly preparation: Preparation }[];
}
