import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { ApprovalRequest } from './messages.js';
import {
  OPERATOR_ACTIONS,
  OPERATOR_UPDATES,
  orderFollowsSignal,
  type AbortMessage,
  type OperatorAction,
} from './operator-messages.js';

/** An operator's message with who sent it; from the Temporal UI the sender may be unknown. */
export type Ask = { readonly action: OperatorAction } & AbortMessage;

/** Who sent it, in words. */
export function whoOf(ask: Pick<Ask, 'by'>): string {
  return ask.by ?? 'an operator';
}

/** What Temporal's UI shows beside each update. */
const DESCRIPTIONS: Readonly<Record<OperatorAction, string>> = {
  approve: 'Lets the step that waits go on: {"by": "you"}',
  deny: 'Skips the step that waits: {"by": "you", "reason": "…"}',
  abort: 'Stops and undoes; {"keep": true} stops and keeps: {"by": "you"}',
  skip: 'Leaves the current step out, undoing it if it acted: {"by": "you"}',
  pause: 'Starts no further step until resumed: {"by": "you"}',
  resume: 'Goes on after a pause: {"by": "you"}',
  'approve-rollback': 'Lets the rollback that waits go on: {"by": "you"}',
  'deny-rollback': 'Keeps what was changed: {"by": "you", "reason": "…"}',
};

/**
 * Registers the operators' updates, the same on an incident and on its recovery. `refuse` says why a
 * message makes no sense now, or nothing; it runs as the update's validator, so that a refusal leaves
 * no trace in the history.
 */
export function handleOperators(
  refuse: (ask: Ask) => string | undefined,
  accept: (ask: Ask) => string,
): void {
  setHandler(orderFollowsSignal, () => undefined, { description: 'An order follows' });
  for (const action of OPERATOR_ACTIONS) {
    setHandler(
      OPERATOR_UPDATES[action],
      (message: AbortMessage | undefined) => accept({ ...message, action }),
      {
        description: DESCRIPTIONS[action],
        validator: (message: AbortMessage | undefined) => {
          const why = malformed(message) ?? refuse({ ...message, action });
          if (why !== undefined) throw new Error(why);
        },
      },
    );
  }
}

/** What is wrong with a message's form; from the Temporal UI anything may come. */
function malformed(message: unknown): string | undefined {
  if (message === undefined || message === null) return undefined;
  if (typeof message !== 'object' || Array.isArray(message)) {
    return 'expected one JSON object, like {"by": "you"}';
  }
  for (const [key, value] of Object.entries(message)) {
    if (key === 'keep' ? typeof value !== 'boolean' : typeof value !== 'string') {
      return `${key}: expected a ${key === 'keep' ? 'boolean' : 'string'}`;
    }
  }
  return undefined;
}

/** What operators have asked of a recovery, and what it waits for. */
export class OperatorControl {
  private aborted: Ask | undefined;
  private isPaused = false;
  private answer: Ask | undefined;
  private skipAsk: Ask | undefined;
  private rollbackAnswer: Ask | undefined;
  private interruptible: CancellationScope | undefined;
  private waitingFor: ApprovalRequest | undefined;
  /** Time spent waiting for people: it does not count against the procedure's timeout. */
  waitedMs = 0;

  /** Why that message makes no sense now, or undefined when it does. */
  refuse({ action }: Ask, isEnding: boolean): string | undefined {
    const waiting = this.waitingFor;
    const isAsked = waiting?.kind === 'rollback';
    switch (action) {
      case 'approve':
      case 'deny':
        return waiting?.kind === 'step' ? undefined : 'no step waits for an approval';
      case 'approve-rollback':
        return waiting?.kind === 'rollback' ? undefined : 'no rollback waits for an approval';
      case 'deny-rollback':
        return isEnding && !isAsked
          ? 'the rollback has begun: it is not stopped halfway'
          : undefined;
      case 'abort':
        if (this.aborted !== undefined) return 'it is being aborted already';
        // Asked whether to roll back, it is an answer: undo, or keep.
        return isEnding && !isAsked ? 'it is ending already' : undefined;
      case 'skip':
        return isEnding ? 'its steps are over' : undefined;
      case 'pause':
        if (this.isPaused) return 'it is paused already';
        return isEnding ? 'its steps are over' : undefined;
      case 'resume':
        return this.isPaused ? undefined : 'it is not paused';
    }
  }

  /** Takes a message that makes sense. Returns what will come of it, for the sender. */
  accept(ask: Ask): string {
    switch (ask.action) {
      case 'approve':
      case 'deny':
        this.answer = ask;
        return ask.action === 'approve'
          ? 'approved: the step goes on'
          : 'denied: the step is skipped';
      case 'approve-rollback':
      case 'deny-rollback':
        this.rollbackAnswer = ask;
        return ask.action === 'approve-rollback'
          ? 'the rollback goes on'
          : 'what was changed is kept';
      case 'abort':
        this.aborted = ask;
        this.interruptible?.cancel();
        return ask.keep === true
          ? 'stopping; what was changed is kept'
          : 'stopping; what was changed is undone';
      case 'skip':
        this.skipAsk = ask;
        this.interruptible?.cancel();
        return 'the current step is left out';
      case 'pause':
        this.isPaused = true;
        return 'paused after the current step';
      case 'resume':
        this.isPaused = false;
        return 'going on';
    }
  }

  get abortAsk(): Ask | undefined {
    return this.aborted;
  }

  /** The approval that is waited for. */
  get waiting(): ApprovalRequest | undefined {
    return this.waitingFor;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Takes the order to leave the current step out, if there is one. */
  takeSkip(): Ask | undefined {
    const ask = this.skipAsk;
    this.skipAsk = undefined;
    return ask;
  }

  /** The operator's word on the rollback, if there is one. */
  get rollbackAsk(): Ask | undefined {
    return this.rollbackAnswer;
  }

  /** Runs something that an abort or a skip may interrupt; then it throws a cancellation. */
  async interruptibly<T>(run: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope({ cancellable: true });
    if (this.aborted !== undefined || this.skipAsk !== undefined) scope.cancel();
    this.interruptible = scope;
    try {
      return await scope.run(run);
    } finally {
      this.interruptible = undefined;
    }
  }

  /** Waits while an operator has it paused. */
  async whilePaused(now: () => number): Promise<void> {
    const since = now();
    await condition(() => !this.isPaused || this.aborted !== undefined);
    this.waitedMs += now() - since;
  }

  /** Asks for an approval; undefined when nobody answered in time. An abort counts as an answer. */
  async ask(request: ApprovalRequest, now: () => number): Promise<Ask | undefined> {
    this.waitingFor = request;
    this.answer = undefined;
    const since = now();
    const isStep = request.kind === 'step';
    await condition(
      () =>
        this.aborted !== undefined ||
        (isStep
          ? this.answer !== undefined || this.skipAsk !== undefined
          : this.rollbackAnswer !== undefined),
      Math.max(1, request.untilMs - since),
    );
    this.waitingFor = undefined;
    this.waitedMs += now() - since;
    return (isStep ? this.answer : this.rollbackAnswer) ?? this.skipAsk ?? this.aborted;
  }
}
