import {
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import {
  BREAKER_ORDERS,
  NEW_BREAKER,
  refusalOfOrder,
  transition,
  worstStatus,
  type Breaker,
  type BreakerEvent,
  type BreakerOrder,
} from '../domain/recovery/breaker.js';
import { joinHolds, NO_HOLD } from '../domain/recovery/breaker-enforcement.js';
import { BREAKER_KINDS, type BreakerKind } from '../domain/recovery/breaker-kinds.js';
import { describeBreakers } from './breaker-details.js';
import {
  BREAKER_MEMO,
  BREAKER_UPDATES,
  breakerOutcomeSignal,
  breakerStateQuery,
  type BreakerInput,
  type BreakerOrderMessage,
  type BreakerOutcome,
  type BreakerView,
} from './breaker-messages.js';
import { watchHistory } from './history-length.js';
import { ATTRIBUTES } from './messages.js';
import { orderFollowsSignal } from './operator-messages.js';
import { applyBreaker, prepareBreaker } from './proxies.js';
import { messageOf } from './rollback.js';

const now = () => Date.now();
/** An order is answered when it is in force; a balancer that does not answer must not hold it up. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * The breakers of one replica, or of a service as a whole: one state machine per kind, and one
 * enforcement of the worst of them at the load balancer. Never ends.
 */
export async function circuitBreaker(input: BreakerInput): Promise<void> {
  await new BreakerRun(input).live();
}

class BreakerRun {
  private readonly isHistoryLong = watchHistory();
  private view: BreakerView;
  private settings: BreakerInput['settings'];
  /** Something changed that the load balancer does not know yet. */
  private isDirty: boolean;
  /** Counts enforcements that have ended, well or not. */
  private enforced = 0;
  private shown = '';

  constructor(private readonly input: BreakerInput) {
    const { target, settings, view } = input;
    this.settings = settings;
    const fresh = Object.fromEntries(BREAKER_KINDS.map((kind) => [kind, NEW_BREAKER]));
    this.view = {
      ...target,
      breakers: { ...(fresh as BreakerView['breakers']), ...view?.breakers },
      hold: view?.hold ?? NO_HOLD,
      note: view?.note ?? '',
    };
    this.isDirty = this.isInForce();
    setHandler(breakerStateQuery, () => this.view, {
      description: 'State of each breaker, what is in force, and why',
    });
    setHandler(breakerOutcomeSignal, (outcome) => this.observe(outcome), {
      description: 'What was seen: {"kind": "aphrodite_engine", "failures": 5, "successes": 0, …}',
    });
    setHandler(orderFollowsSignal, () => undefined, { description: 'An order follows' });
    for (const order of BREAKER_ORDERS) this.handle(order);
  }

  private handle(order: BreakerOrder): void {
    setHandler(BREAKER_UPDATES[order], (message) => this.obey(order, message), {
      description: DESCRIPTIONS[order],
      validator: (message: BreakerOrderMessage | undefined) => {
        const kind = message?.kind ?? 'aphrodite_engine';
        if (!BREAKER_KINDS.includes(kind)) {
          throw new Error(`kind: expected one of ${BREAKER_KINDS.join(', ')}, got "${kind}"`);
        }
        const why = refusalOfOrder(this.view.breakers[kind], order);
        if (why !== undefined) throw new Error(`breaker ${kind}: ${why}`);
      },
    });
  }

  async live(): Promise<void> {
    this.show();
    for (;;) {
      await this.untilDue();
      for (const kind of BREAKER_KINDS) this.step(kind, { type: 'tick' }, now());
      // Told before it is in force: a balancer that does not answer must not hide a state.
      this.show();
      await this.enforce();
      this.show();
      if (this.isHistoryLong() && !this.isDirty) {
        await condition(allHandlersFinished);
        const { input, settings, view } = this;
        await continueAsNew<typeof circuitBreaker>({ ...input, settings, view });
      }
    }
  }

  /** Until something changed, a time is over, or it is time to compare. No timer while all is closed. */
  private async untilDue(): Promise<void> {
    const isDue = () => this.isDirty;
    if (!this.isInForce()) {
      await condition(isDue);
      return;
    }
    const due = Object.values(this.view.breakers).flatMap((b) =>
      b.status === 'open' ? [b.untilMs - now()] : [],
    );
    await condition(isDue, Math.max(1, Math.min(this.input.reconcileMs, ...due)));
  }

  /** A function, since handlers set it while something is awaited. */
  private hasNews(): boolean {
    return this.isDirty;
  }

  private isInForce(): boolean {
    const { breakers, hold } = this.view;
    const isClosed = worstStatus(Object.values(breakers).map((b) => b.status)) === 'closed';
    return !isClosed || hold.isDrained || hold.weight !== null;
  }

  /** Applies an event to one breaker; whether its state changed. */
  private step(kind: BreakerKind, event: BreakerEvent, atMs: number): boolean {
    const before = this.view.breakers[kind];
    const after: Breaker = transition(before, event, this.settings[kind], atMs);
    this.view = { ...this.view, breakers: { ...this.view.breakers, [kind]: after } };
    if (after.epoch === before.epoch) return false;
    this.isDirty = true;
    const { service, replica } = this.view;
    log.info(`breaker ${kind} of ${replica ?? service}: ${before.status} → ${after.status}`, {
      ...{ story: 'breaker', by: after.by, reason: after.reason },
    });
    return true;
  }

  private observe(outcome: BreakerOutcome): void {
    const { kind, failures, successes, detail, epoch, settings, hold } = outcome;
    if (!BREAKER_KINDS.includes(kind)) return;
    if (settings !== undefined) this.settings = { ...this.settings, [kind]: settings };
    if (hold !== undefined) {
      // Whatever is decided here, what was changed is owed from now on.
      this.view = { ...this.view, hold: joinHolds(this.view.hold, hold) };
      this.isDirty = true;
    }
    const atMs = Math.min(outcome.atMs, now());
    this.step(kind, { type: 'tick' }, now());
    if (epoch === undefined || epoch >= this.view.breakers[kind].epoch) {
      this.step(kind, { type: 'outcome', failures, successes, detail }, atMs);
    }
  }

  private async obey(order: BreakerOrder, message: BreakerOrderMessage): Promise<string> {
    const { kind = 'aphrodite_engine', by = 'an operator', reason = '', forMs } = message;
    this.step(kind, { type: 'order', order, by, reason, forMs }, now());
    // One that is at work now began before this order.
    const wanted = this.enforced + (this.isEnforcing ? 2 : 1);
    await condition(() => this.enforced >= wanted, ANSWER_WITHIN_MS);
    const { note, breakers } = this.view;
    const said = `${kind} is ${breakers[kind].status}`;
    if (this.enforced < wanted) return `${said}; the load balancer has not answered yet`;
    return note === '' ? said : `${said}; ${note}`;
  }

  private isEnforcing = false;

  /** Owe, then act: what will be ours is in the state before it is changed, and as long as it may be. */
  private async enforce(): Promise<void> {
    this.isDirty = false;
    this.isEnforcing = true;
    const { breakers } = this.view;
    const target = this.input.target;
    try {
      const { plan, lines } = await prepareBreaker({ target, breakers, hold: this.view.hold });
      const before = this.view.hold;
      if (plan.effects.length > 0) {
        this.view = { ...this.view, hold: joinHolds(before, plan.hold) };
        await applyBreaker({ target, effects: plan.effects });
        for (const line of lines) log.info(line, { story: 'breaker' });
      }
      // A signal may have brought more to owe meanwhile: that is settled at the next comparison.
      if (!this.hasNews()) this.view = { ...this.view, hold: plan.hold };
      this.view = { ...this.view, note: plan.note ?? '' };
    } catch (error) {
      this.view = { ...this.view, note: `not in force: ${messageOf(error)}` };
    }
    this.isEnforcing = false;
    this.enforced += 1;
  }

  private show(): void {
    const text = JSON.stringify(this.view);
    if (text === this.shown) return;
    this.shown = text;
    const { service, replica, breakers } = this.view;
    const stage = worstStatus(Object.values(breakers).map((b) => b.status));
    upsertMemo({ [BREAKER_MEMO]: this.view });
    upsertSearchAttributes([
      { key: ATTRIBUTES.service, value: service },
      ...(replica === undefined ? [] : [{ key: ATTRIBUTES.replica, value: replica }]),
      { key: ATTRIBUTES.stage, value: stage },
    ]);
    setCurrentDetails(describeBreakers(this.view));
  }
}

const DESCRIPTIONS: Readonly<Record<BreakerOrder, string>> = {
  open: 'Keeps requests away for its time, then a trial: {"by": "you", "reason": "…"}',
  close: 'Lets requests in again at once: {"by": "you", "reason": "…"}',
  isolate: 'Keeps requests away until it is closed: {"by": "you", "reason": "…"}',
};
