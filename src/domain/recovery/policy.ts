import { AUTONOMIES, type ActionName, type Autonomy } from './action.js';

/** What recoveries may do and how they are judged; from the configuration. Lengths of time in ms. */
export interface RecoveryPolicy {
  /** Recoveries at once, over all services. */
  readonly maxConcurrent: number;
  /** Recoveries within an hour, over all services. */
  readonly maxPerHour: number;
  /** Least time between two runs of one procedure on one target. */
  readonly cooldownMs: number;
  /** With more open incidents than this, actions are only suggested: something larger is going on. */
  readonly stormAbove: number;
  readonly autonomy: Readonly<Record<ActionName, Autonomy>>;
  readonly approvalTimeoutMs: number;
  readonly onApprovalTimeout: 'skip' | 'approve' | 'rollback';
  readonly asksBeforeRollback: boolean;
  /** Replicas that must stay in full service. */
  readonly minHealthyReplicas: number;
  /** Largest share of a service's replicas that may be out or reduced at once. */
  readonly maxSharePercent: number;
  readonly minSamples: number;
  readonly compliantPercent: number;
  readonly holdMs: number;
  readonly verifyTimeoutMs: number;
  readonly worsePercent: number;
  readonly releaseAfterWindows: number;
  /** Shares (percent) of its weight that a server gets on its way back; none: at once. */
  readonly releaseRampPercent?: readonly number[];
  /** Requests of so long a time make one quantile: an effect shows in full only after it. */
  readonly sliWindowMs: number;
}

/**
 * How many replicas of a service may be acted on at once: the share allowed, leaving the least number
 * in service, and one at least, since otherwise nothing could ever be mended.
 */
export function togetherAllowed(
  replicas: number,
  policy: Pick<RecoveryPolicy, 'minHealthyReplicas' | 'maxSharePercent'>,
): number {
  const byShare = Math.floor((replicas * policy.maxSharePercent) / 100);
  return Math.max(1, Math.min(byShare, replicas - policy.minHealthyReplicas));
}

/** The more careful of two autonomies. */
export function milderAutonomy(a: Autonomy, b: Autonomy): Autonomy {
  return AUTONOMIES.indexOf(a) <= AUTONOMIES.indexOf(b) ? a : b;
}
