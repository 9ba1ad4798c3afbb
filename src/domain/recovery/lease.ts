import { severityRank, type Severity } from '../sla/severity.js';

/** One ask for a target: a replica, or (replica undefined) a whole service. */
export interface LeaseAsk {
  readonly requestId: string;
  readonly target: { readonly service: string; readonly replica: string | undefined };
  readonly severity: Severity;
  /** Recoveries at once over all services. */
  readonly maxConcurrent: number;
  /** Replicas of one service at once. */
  readonly maxTogether: number;
}

/** Who acts on what, and who waits; both in order of arrival. */
export interface LeaseState<A extends LeaseAsk> {
  readonly held: readonly A[];
  readonly waiting: readonly A[];
}

/** Whether two targets overlap: the same replica, or one is the whole service of the other. */
function overlaps(a: LeaseAsk['target'], b: LeaseAsk['target']): boolean {
  return (
    a.service === b.service &&
    (a.replica === undefined || b.replica === undefined || a.replica === b.replica)
  );
}

/** Whether `ask` may act beside those that hold a lease already. */
function mayHold<A extends LeaseAsk>(ask: A, held: readonly A[]): boolean {
  if (held.length >= ask.maxConcurrent) return false;
  if (held.some((h) => overlaps(h.target, ask.target))) return false;
  return held.filter((h) => h.target.service === ask.target.service).length < ask.maxTogether;
}

/** Grants what can be granted: the gravest first, then the longest waiting. */
function grant<A extends LeaseAsk>(state: LeaseState<A>): { state: LeaseState<A>; granted: A[] } {
  const order = state.waiting
    .map((ask, index) => ({ ask, index }))
    .sort(
      (a, b) => severityRank(b.ask.severity) - severityRank(a.ask.severity) || a.index - b.index,
    );
  const held = [...state.held];
  const granted: A[] = [];
  for (const { ask } of order) {
    if (!mayHold(ask, held)) continue;
    held.push(ask);
    granted.push(ask);
  }
  return {
    state: { held, waiting: state.waiting.filter((ask) => !granted.includes(ask)) },
    granted,
  };
}

/**
 * Asks for a target. Asked again with the same request id, nothing changes.
 * `granted` lists the requests that came to hold by this call: the asker's, or nobody's.
 */
export function askLease<A extends LeaseAsk>(
  state: LeaseState<A>,
  ask: A,
): { state: LeaseState<A>; granted: readonly A[] } {
  const isKnown = [...state.held, ...state.waiting].some((a) => a.requestId === ask.requestId);
  return isKnown
    ? { state, granted: [] }
    : grant({ held: state.held, waiting: [...state.waiting, ask] });
}

/** Gives a request up, held or waiting; unknown ones are no error. `granted` lists who holds thereby. */
export function endLease<A extends LeaseAsk>(
  state: LeaseState<A>,
  requestId: string,
): { state: LeaseState<A>; granted: readonly A[] } {
  return grant({
    held: state.held.filter((a) => a.requestId !== requestId),
    waiting: state.waiting.filter((a) => a.requestId !== requestId),
  });
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
