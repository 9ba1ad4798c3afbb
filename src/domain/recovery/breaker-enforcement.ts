import type { LoadBalancerServer } from '../ports.js';
import type { BreakerStatus } from './breaker.js';

/** What breakers changed at a replica's server, to be given back: recorded before it is changed. */
export interface BreakerHold {
  /** We asked for the drain, of a server that was in service. */
  readonly isDrained: boolean;
  /** The weight of the trial, and the one before it; null while the weight is not ours. */
  readonly weight: { readonly before: number; readonly set: number } | null;
}

/** Nothing is ours. */
export const NO_HOLD: BreakerHold = { isDrained: false, weight: null };

/**
 * All that may be ours by two accounts: while a change is on its way, what was ours before it and what
 * will be after it are owed.
 */
export function joinHolds(one: BreakerHold, other: BreakerHold): BreakerHold {
  return {
    isDrained: one.isDrained || other.isDrained,
    weight: other.weight ?? one.weight,
  };
}

/** One absolute change of a server. */
export type BreakerEffect =
  | { readonly type: 'admin'; readonly admin: 'ready' | 'drain' }
  | { readonly type: 'weight'; readonly weight: number };

/** What is to be changed, and what is ours then. */
export interface BreakerPlan {
  readonly effects: readonly BreakerEffect[];
  readonly hold: BreakerHold;
  /** Why the state is not, or not by us, in force; undefined when it is. */
  readonly note: string | undefined;
}

/** What decides how a state is brought about. */
export interface EnforcementAsk {
  /** The worst of the breakers that watch this replica. */
  readonly status: BreakerStatus;
  readonly server: LoadBalancerServer;
  readonly hold: BreakerHold;
  readonly halfOpenPercent: number;
  /** Why the replica must not be taken out now, or undefined. */
  readonly refusal: string | undefined;
  /** Why one that is taken out must be given back all the same, or undefined. */
  readonly mustReturn: string | undefined;
}

/**
 * The difference between a replica's server as it is and as its breakers want it. Absolute, and empty
 * when it is so already. What somebody else set (a drain, a weight) is left alone.
 */
export function planEnforcement(ask: EnforcementAsk): BreakerPlan {
  switch (ask.status) {
    case 'open':
    case 'isolated':
      return takenOut(ask);
    case 'half-open':
      return onTrial(ask);
    case 'closed':
      return givenBack(ask, undefined);
  }
}

function takenOut(ask: EnforcementAsk): BreakerPlan {
  const { server, hold, refusal, mustReturn } = ask;
  if (mustReturn !== undefined && hold.isDrained) return givenBack(ask, mustReturn);
  if (server.admin === 'ready') {
    if (refusal !== undefined) return givenBack(ask, refusal);
    const effects = [{ type: 'admin', admin: 'drain' }] as const;
    return { effects, hold: { ...hold, isDrained: true }, note: undefined };
  }
  const isOurs = hold.isDrained && server.admin === 'drain';
  const note = isOurs ? undefined : `it is in ${server.admin} by another’s order`;
  return { effects: [], hold: { ...hold, isDrained: isOurs }, note };
}

function onTrial(ask: EnforcementAsk): BreakerPlan {
  const { server, hold, halfOpenPercent } = ask;
  // It was never taken out: it has all of its requests, and the trial is made on those.
  if (!hold.isDrained && hold.weight === null) {
    const note =
      server.admin === 'ready'
        ? 'it was not taken out of service, so all of its requests are the trial'
        : `it is in ${server.admin} by another’s order`;
    return { effects: [], hold: NO_HOLD, note };
  }
  const effects: BreakerEffect[] = [];
  // The weight comes first: ready before it would let everything in for a moment.
  const weight = hold.weight ?? {
    before: server.weight,
    set: Math.max(1, Math.round((server.weight * halfOpenPercent) / 100)),
  };
  const isOthers = hold.weight !== null && ![weight.set, weight.before].includes(server.weight);
  if (!isOthers && server.weight !== weight.set) {
    effects.push({ type: 'weight', weight: weight.set });
  }
  if (server.admin === 'drain' && hold.isDrained) effects.push({ type: 'admin', admin: 'ready' });
  const note = isOthers ? `its weight is ${server.weight} by another’s order` : undefined;
  return { effects, hold: { isDrained: false, weight: isOthers ? null : weight }, note };
}

function givenBack({ server, hold }: EnforcementAsk, note: string | undefined): BreakerPlan {
  const effects: BreakerEffect[] = [];
  if (hold.weight !== null && server.weight === hold.weight.set) {
    effects.push({ type: 'weight', weight: hold.weight.before });
  }
  if (hold.isDrained && server.admin === 'drain') effects.push({ type: 'admin', admin: 'ready' });
  return { effects, hold: NO_HOLD, note };
}
