import { severityRank, type Severity } from '../sla/severity.js';

/**
 * What a lease is for: to run a procedure, which limits count; to release a mitigation; or to look at
 * a service's capacity and change it, the moment in which two recoveries must not overtake each other.
 */
export type LeasePurpose =
  | { readonly kind: 'recovery'; readonly procedure: string }
  | { readonly kind: 'release' }
  | { readonly kind: 'capacity' };

/** One ask for a target: a replica, or (replica undefined) a whole service. */
export interface LeaseAsk {
  /** Unique per ask; asked twice, it is one request. */
  readonly requestId: string;
  readonly target: { readonly service: string; readonly replica: string | undefined };
  readonly severity: Severity;
  readonly purpose: LeasePurpose;
  readonly limits: LeaseLimits;
}

/** Limits in force when it was asked. Lengths of time in ms. */
export interface LeaseLimits {
  /** Recoveries at once over all services. */
  readonly maxConcurrent: number;
  /** Replicas of one service at once. */
  readonly maxTogether: number;
  /** Recoveries within an hour, over all services. */
  readonly maxPerHour: number;
  /** Least time between two runs of one procedure on one target. */
  readonly cooldownMs: number;
}

/** A recovery that was let act, for the budget and the cooldown. */
export interface PastRecovery {
  /** Of the ask; none in a state of before it was kept. */
  readonly requestId?: string;
  readonly procedure: string;
  readonly target: LeaseAsk['target'];
  readonly atMs: number;
}

/** A request that was given up, held or not. */
export interface GivenUp {
  readonly requestId: string;
  readonly atMs: number;
}

/** Who acts on what, who waits (both in order of arrival), and who acted in the last hour. */
export interface LeaseState<A extends LeaseAsk> {
  readonly held: readonly A[];
  readonly waiting: readonly A[];
  readonly past: readonly PastRecovery[];
  /** Of the last quarter of an hour, oldest first; none in a state of before they were kept. */
  readonly givenUp?: readonly GivenUp[];
}

/** Why a request is not even queued, and when it may be asked again. */
export interface LeaseRefusal {
  readonly why: string;
  readonly retryAfterMs: number;
}

const HOUR_MS = 3_600_000;
/** An ask that comes so much later than it was given up is from nowhere that is still alive. */
const GIVEN_UP_FOR_MS = 15 * 60_000;
const GIVEN_UP_KEPT = 500;

/** A request that is not to be granted any more, and why. */
export interface RefusedAsk<A extends LeaseAsk> {
  readonly ask: A;
  readonly refusal: LeaseRefusal;
}

/** What a change led to: who came to hold, and whose turn came when the budget was used up. */
export interface LeaseChange<A extends LeaseAsk> {
  readonly state: LeaseState<A>;
  readonly granted: readonly A[];
  readonly refused: readonly RefusedAsk<A>[];
}

/** Nobody acts, nobody waits. */
export const NO_LEASES: LeaseState<never> = { held: [], waiting: [], past: [] };

/** Whether two targets overlap: the same replica, or one is the whole service of the other. */
function overlaps(a: LeaseAsk['target'], b: LeaseAsk['target']): boolean {
  return (
    a.service === b.service &&
    (a.replica === undefined || b.replica === undefined || a.replica === b.replica)
  );
}

/** Whether `ask` may act beside those that hold a lease already. */
function mayHold<A extends LeaseAsk>(ask: A, all: readonly A[]): boolean {
  const { limits, target, purpose } = ask;
  const isCapacity = purpose.kind === 'capacity';
  const held = all.filter((h) => (h.purpose.kind === 'capacity') === isCapacity);
  if (isCapacity) return !held.some((h) => h.target.service === target.service);
  if (held.length >= limits.maxConcurrent) return false;
  if (held.some((h) => overlaps(h.target, target))) return false;
  return held.filter((h) => h.target.service === target.service).length < limits.maxTogether;
}

/** Why the budget or the cooldown forbids it now, or undefined. */
function refusalOf(
  { purpose, limits, target }: LeaseAsk,
  past: readonly PastRecovery[],
  nowMs: number,
): LeaseRefusal | undefined {
  // Releasing and undoing make the fleet what it was: never limited.
  if (purpose.kind !== 'recovery') return undefined;
  const last = past.findLast(
    (p) =>
      p.procedure === purpose.procedure &&
      p.target.service === target.service &&
      p.target.replica === target.replica,
  );
  const cooledAtMs = (last?.atMs ?? -Infinity) + limits.cooldownMs;
  if (cooledAtMs > nowMs) {
    const where = target.replica ?? target.service;
    return {
      why: `cooldown: ${purpose.procedure} acted on ${where} ${Math.round((nowMs - (last?.atMs ?? nowMs)) / 1000)} s ago, once in ${limits.cooldownMs / 1000} s is allowed`,
      retryAfterMs: cooledAtMs - nowMs,
    };
  }
  return overBudget(limits, past, nowMs);
}

/** Why there may be no further recovery within this hour, or undefined. */
function overBudget(
  limits: LeaseLimits,
  past: readonly PastRecovery[],
  nowMs: number,
): LeaseRefusal | undefined {
  const recent = past.filter((p) => p.atMs > nowMs - HOUR_MS);
  const oldest = recent[recent.length - limits.maxPerHour];
  if (oldest === undefined) return undefined;
  return {
    why: `budget: ${recent.length} recoveries within the hour, at most ${limits.maxPerHour} are allowed`,
    retryAfterMs: oldest.atMs + HOUR_MS - nowMs,
  };
}

/**
 * Grants what can be granted: the gravest first, then the longest waiting. Those that went before may have
 * used up the budget since one was let wait: it is refused then.
 */
function grant<A extends LeaseAsk>(
  state: LeaseState<A>,
  nowMs: number,
  keepsBudget: boolean,
): LeaseChange<A> {
  const order = state.waiting
    .map((ask, index) => ({ ask, index }))
    .sort(
      (a, b) => severityRank(b.ask.severity) - severityRank(a.ask.severity) || a.index - b.index,
    );
  const held = [...state.held];
  const past = state.past.filter((p) => p.atMs > nowMs - HOUR_MS);
  const granted: A[] = [];
  const refused: RefusedAsk<A>[] = [];
  for (const { ask } of order) {
    if (!mayHold(ask, held)) continue;
    const isLimited = keepsBudget && ask.purpose.kind === 'recovery';
    const refusal = isLimited ? overBudget(ask.limits, past, nowMs) : undefined;
    if (refusal !== undefined) {
      refused.push({ ask, refusal });
      continue;
    }
    held.push(ask);
    granted.push(ask);
    if (ask.purpose.kind === 'recovery') {
      const { requestId, target } = ask;
      past.push({ requestId, procedure: ask.purpose.procedure, target, atMs: nowMs });
    }
  }
  const left = new Set([...granted, ...refused.map(({ ask }) => ask)]);
  const waiting = state.waiting.filter((ask) => !left.has(ask));
  return { state: { ...state, held, waiting, past }, granted, refused };
}

/**
 * Asks for a target. Asked again with the same request id, nothing changes, also after it was given up: an
 * activity's attempt that was frozen and wakes late asks for what nobody waits for any more. `refusal` is
 * about this one, which then is not queued. Without `keepsBudget` who waits is granted whatever the budget.
 */
export function askLease<A extends LeaseAsk>(
  state: LeaseState<A>,
  ask: A,
  nowMs: number,
  { keepsBudget = true } = {},
): LeaseChange<A> & { readonly refusal: LeaseRefusal | undefined } {
  const isKnown = [...state.held, ...state.waiting].some((a) => a.requestId === ask.requestId);
  if (isKnown) return { state, granted: [], refused: [], refusal: undefined };
  if (state.givenUp?.some(({ requestId }) => requestId === ask.requestId) === true) {
    const refusal = { why: 'the request was given up before', retryAfterMs: 0 };
    return { state, granted: [], refused: [], refusal };
  }
  // Behind another recovery of the same target it waits, and looks again before it acts.
  const isBehind = state.held.some(
    (h) => h.purpose.kind !== 'capacity' && overlaps(h.target, ask.target),
  );
  const refusal = isBehind ? undefined : refusalOf(ask, state.past, nowMs);
  if (refusal !== undefined) return { state, granted: [], refused: [], refusal };
  const change = grant({ ...state, waiting: [...state.waiting, ask] }, nowMs, keepsBudget);
  return { ...change, refusal };
}

/**
 * Gives a request up, held or waiting; unknown ones are no error. One that did nothing (`isUnused`) counts
 * for no limit. Without `remembers` it is granted should it be asked for again.
 */
export function endLease<A extends LeaseAsk>(
  state: LeaseState<A>,
  requestId: string,
  nowMs: number,
  { keepsBudget = true, isUnused = false, remembers = true } = {},
): LeaseChange<A> {
  const recent = state.givenUp?.filter(({ atMs }) => atMs > nowMs - GIVEN_UP_FOR_MS) ?? [];
  const givenUp = [...recent, { requestId, atMs: nowMs }].slice(-GIVEN_UP_KEPT);
  return grant(
    {
      ...state,
      ...(remembers ? { givenUp } : {}),
      held: state.held.filter((a) => a.requestId !== requestId),
      waiting: state.waiting.filter((a) => a.requestId !== requestId),
      past: isUnused ? state.past.filter((p) => p.requestId !== requestId) : state.past,
    },
    nowMs,
    keepsBudget,
  );
}

/** How many of the waiting would be served before that request; 0 when it holds or is next. */
export function aheadOf<A extends LeaseAsk>(state: LeaseState<A>, requestId: string): number {
  const index = state.waiting.findIndex((a) => a.requestId === requestId);
  const ask = state.waiting[index];
  if (ask === undefined) return 0;
  return state.waiting.filter(
    (other, i) =>
      severityRank(other.severity) > severityRank(ask.severity) ||
      (other.severity === ask.severity && i < index),
  ).length;
}
