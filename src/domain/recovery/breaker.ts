import type { BreakerSettings } from './breaker-kinds.js';

/** States of a breaker; `isolated` is held open by an operator. */
export const BREAKER_STATUSES = ['closed', 'half-open', 'open', 'isolated'] as const;
export type BreakerStatus = (typeof BREAKER_STATUSES)[number];

interface Common {
  /** Grows with every change of state: who saw an older one decided on old facts. */
  readonly epoch: number;
  /** When it came into this state. */
  readonly sinceMs: number;
  /** Why it is in this state, in words; empty for one that never left the first. */
  readonly reason: string;
  /** On whose behalf: an operator, an incident, or `breaker` for its own rules. A trial keeps who opened. */
  readonly by: string;
  /**
   * Trials in a row that failed; one that it passed, only to open again soon after, failed as well.
   * Kept while it is closed, until the next opening tells which of both it is.
   */
  readonly failedTrials: number;
  /** What failed in the newest of them, oldest first. */
  readonly trialErrors: readonly string[];
}

/** A circuit breaker: one small plain object, as it crosses into workflows and memos. */
export type Breaker =
  | (Common & {
      readonly status: 'closed';
      /** When each failure that still counts happened, oldest first. */
      readonly failuresAtMs: readonly number[];
      /** Part of a failure that successes have made good since, 0 to 1. */
      readonly credit: number;
    })
  | (Common & { readonly status: 'open'; readonly openedAtMs: number; readonly untilMs: number })
  | (Common & {
      readonly status: 'half-open';
      readonly openedAtMs: number;
      /** Successes in a row so far. */
      readonly successes: number;
    })
  | (Common & { readonly status: 'isolated'; readonly openedAtMs: number });

/** What may be ordered of a breaker. */
export const BREAKER_ORDERS = ['open', 'close', 'isolate'] as const;
export type BreakerOrder = (typeof BREAKER_ORDERS)[number];

/** What can happen to a breaker. */
export type BreakerEvent =
  /** Requests or probes that ended since the last such event; `detail` says what failed. */
  | {
      readonly type: 'outcome';
      readonly failures: number;
      readonly successes: number;
      readonly detail: string;
    }
  /** Time has passed. */
  | { readonly type: 'tick' }
  | {
      readonly type: 'order';
      readonly order: BreakerOrder;
      readonly by: string;
      readonly reason: string;
      /** How long an ordered opening lasts before the trial; the kind's own time where left out. */
      readonly forMs?: number | undefined;
    };

/** Who did what a breaker does by its own rules. */
export const BY_RULE = 'breaker';

/** A breaker as it is made: closed, nothing counted. */
export const NEW_BREAKER: Breaker = {
  ...{ status: 'closed', epoch: 0, sinceMs: 0, reason: '', by: BY_RULE },
  ...{ failedTrials: 0, trialErrors: [], failuresAtMs: [], credit: 0 },
};

/** Texts of failed trials that are kept: a state crosses into memos, which must stay small. */
const ERRORS_KEPT = 3;
const NO_TRIALS = { failedTrials: 0, trialErrors: [] } as const;
type Trials = Pick<Common, 'failedTrials' | 'trialErrors'>;

/** Why an order makes no sense now, or undefined. */
export function refusalOfOrder(breaker: Breaker, order: BreakerOrder): string | undefined {
  if (order === 'close' && breaker.status === 'closed') return 'it is closed already';
  if (order === 'open' && breaker.status === 'isolated') {
    return `it is isolated by ${breaker.by}, which holds longer than an opening; close it first`;
  }
  return undefined;
}

/**
 * What becomes of a breaker: closed → open → half-open → closed by its own rules, anything by order.
 *
 * Returns the same object when nothing changes. Outcomes while it is open or isolated are of requests
 * sent before, and say nothing new. An order that `refusalOfOrder` refuses changes nothing.
 */
export function transition(
  breaker: Breaker,
  event: BreakerEvent,
  settings: BreakerSettings,
  nowMs: number,
): Breaker {
  if (event.type === 'order') return obey(breaker, event, settings, nowMs);
  switch (breaker.status) {
    case 'closed':
      return event.type === 'tick'
        ? aged(breaker, settings, nowMs)
        : counted(breaker, event, settings, nowMs);
    case 'open':
      return event.type === 'tick' && nowMs >= breaker.untilMs
        ? moved(breaker, nowMs, 'its time is over: a trial', breaker.by, {
            ...{ status: 'half-open', openedAtMs: breaker.openedAtMs, successes: 0 },
          })
        : breaker;
    case 'half-open':
      return event.type === 'tick' ? breaker : tried(breaker, event, settings, nowMs);
    case 'isolated':
      return breaker;
  }
}

type Rest<B> = B extends Breaker ? Omit<B, keyof Common> : never;

function moved(
  { epoch, failedTrials, trialErrors }: Breaker,
  nowMs: number,
  reason: string,
  by: string,
  rest: Rest<Breaker> & Partial<Trials>,
): Breaker {
  return { failedTrials, trialErrors, ...rest, epoch: epoch + 1, sinceMs: nowMs, reason, by };
}

function opened(
  breaker: Breaker,
  nowMs: number,
  reason: string,
  by: string,
  openMs: number,
  trials: Partial<Trials> = {},
) {
  const openedAtMs = 'openedAtMs' in breaker ? breaker.openedAtMs : nowMs;
  return moved(breaker, nowMs, reason, by, {
    ...{ status: 'open', openedAtMs, untilMs: nowMs + openMs, ...trials },
  });
}

/** With one more trial that failed. */
function withFailed({ failedTrials, trialErrors }: Trials, detail: string): Trials {
  return {
    failedTrials: failedTrials + 1,
    trialErrors: [...trialErrors, detail].slice(-ERRORS_KEPT),
  };
}

/** An opening soon after a trial that was passed says that it was passed by luck. */
function relapsed(
  breaker: Closed,
  detail: string,
  { failureWindowMs }: BreakerSettings,
  nowMs: number,
): Trials {
  const isSoon = breaker.epoch > 0 && nowMs - breaker.sinceMs <= failureWindowMs;
  return isSoon && breaker.by === BY_RULE ? withFailed(breaker, detail) : NO_TRIALS;
}

type Closed = Extract<Breaker, { status: 'closed' }>;
type Outcome = Extract<BreakerEvent, { type: 'outcome' }>;

function aged(breaker: Closed, { failureWindowMs }: BreakerSettings, nowMs: number): Closed {
  const failuresAtMs = breaker.failuresAtMs.filter((atMs) => atMs > nowMs - failureWindowMs);
  if (failuresAtMs.length === breaker.failuresAtMs.length) return breaker;
  return { ...breaker, failuresAtMs, credit: failuresAtMs.length === 0 ? 0 : breaker.credit };
}

/**
 * Counts in the closed state. Successes come first: within one event the order is unknown, and the
 * failure that reaches the threshold must be the last word.
 */
function counted(
  breaker: Closed,
  { failures, successes, detail }: Outcome,
  settings: BreakerSettings,
  nowMs: number,
): Breaker {
  const { failureThreshold, forgivingSuccesses } = settings;
  const before = aged(breaker, settings, nowMs);
  const credit = before.credit + successes / forgivingSuccesses;
  const forgiven = Math.min(before.failuresAtMs.length, Math.floor(credit));
  const left = before.failuresAtMs.slice(forgiven);
  const added = Array.from({ length: Math.min(failures, failureThreshold) }, () => nowMs);
  const failuresAtMs = [...left, ...added];
  if (failuresAtMs.length >= failureThreshold) {
    const what = detail === '' ? '' : `: ${detail}`;
    const { openMs } = settings;
    const reason = `${failuresAtMs.length} failures${what}`;
    const trials = relapsed(breaker, detail, settings, nowMs);
    return opened(breaker, nowMs, reason, BY_RULE, openMs, trials);
  }
  // Nothing to make good: successes are not saved up for failures to come.
  const next = left.length === 0 ? 0 : credit - forgiven;
  const isSame = failures === 0 && forgiven === 0 && before === breaker && next === breaker.credit;
  return isSame ? breaker : { ...before, failuresAtMs, credit: next };
}

function tried(
  breaker: Extract<Breaker, { status: 'half-open' }>,
  { failures, successes, detail }: Outcome,
  { successThreshold, openMs }: BreakerSettings,
  nowMs: number,
): Breaker {
  if (failures > 0) {
    const what = detail === '' ? '' : `: ${detail}`;
    const trials = withFailed(breaker, detail);
    return opened(breaker, nowMs, `the trial failed${what}`, breaker.by, openMs, trials);
  }
  if (successes === 0) return breaker;
  const inARow = breaker.successes + successes;
  if (inARow < successThreshold) return { ...breaker, successes: inARow };
  const reason = `the trial passed: ${inARow} successes in a row`;
  return moved(breaker, nowMs, reason, BY_RULE, CLOSED);
}

const CLOSED = { status: 'closed', failuresAtMs: [], credit: 0 } as const;

function obey(
  breaker: Breaker,
  { order, by, reason, forMs }: Extract<BreakerEvent, { type: 'order' }>,
  settings: BreakerSettings,
  nowMs: number,
): Breaker {
  if (refusalOfOrder(breaker, order) !== undefined) return breaker;
  // What was tried before it last closed was another episode.
  const trials = breaker.status === 'closed' ? NO_TRIALS : {};
  switch (order) {
    case 'open':
      return opened(breaker, nowMs, reason, by, forMs ?? settings.openMs, trials);
    case 'close':
      return moved(breaker, nowMs, reason, by, { ...CLOSED, ...NO_TRIALS });
    case 'isolate': {
      const openedAtMs = 'openedAtMs' in breaker ? breaker.openedAtMs : nowMs;
      return moved(breaker, nowMs, reason, by, { ...trials, status: 'isolated', openedAtMs });
    }
  }
}

/** The worst of several: isolated, open, half-open, closed. Closed when there are none. */
export function worstStatus(statuses: Iterable<BreakerStatus>): BreakerStatus {
  let worst = 0;
  for (const status of statuses) worst = Math.max(worst, BREAKER_STATUSES.indexOf(status));
  return BREAKER_STATUSES[worst] ?? 'closed';
}
