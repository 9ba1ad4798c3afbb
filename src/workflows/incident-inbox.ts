import { CancellationScope, setHandler } from '@temporalio/workflow';
import { graver } from '../domain/sla/severity.js';
import type { IncidentLog } from './incident-log.js';
import { refusalOf } from './incident-refusal.js';
import {
  noDataSignal,
  observedSignal,
  progressSignal,
  resolvedSignal,
  stateQuery,
  type IncidentView,
  type RecoveryProgress,
} from './messages.js';
import {
  abortSignal,
  acknowledgeSignal,
  acknowledgeUpdate,
  operatorSignal,
  type OperatorMessage,
} from './operator-messages.js';
import { post } from './post.js';
import type { Mitigations } from './mitigations.js';
import { auditOf } from './operator-audit.js';
import { wakeSignal } from './monitor-messages.js';
import { handleOperators, whoOf, type Ask } from './operator-control.js';
import { messageOf } from './rollback.js';

/**
 * What the detector, the recovery and operators have told an incident. Its handlers are registered
 * when it is made: make it before the first await.
 */
export class IncidentInbox {
  private resolvedAt: { atMs: number; why: string } | undefined;
  private silent = false;
  private abort: Ask | undefined;
  private recoveryId: string | undefined;
  private isClosing = false;
  private orders = 0;
  private woken = false;
  /** The latest of the recovery's news. */
  private heard = 0;

  constructor(
    private readonly log: IncidentLog,
    private readonly mitigations: Mitigations,
    /** Called when a recovery tells of itself: it is under way. */
    onUnderWay: () => void,
  ) {
    setHandler(stateQuery, () => this.log.view, { description: 'State, plan, steps, owed undos' });
    this.handleDetector();
    setHandler(
      progressSignal,
      ({ state, steps, owed, waiting, sequence = this.heard, ...rest }) => {
        const isLate = sequence < this.heard;
        this.heard = Math.max(this.heard, sequence);
        this.hear(rest, isLate ? {} : { state, steps, owed, waiting });
        // Now there is time to be seen.
        this.log.letWrite();
        onUnderWay();
      },
    );
    setHandler(wakeSignal, () => void (this.woken = true), {
      description: 'What kept it back may be over',
    });
    this.handlePeople();
  }

  /** The violation's end as the detector told it, unless it came back since. */
  get resolved(): { readonly atMs: number; readonly why: string } | undefined {
    return this.resolvedAt;
  }

  /** Whether the violated SLI has no fresh samples. */
  get isSilent(): boolean {
    return this.silent;
  }

  /** Whether what kept it back may be over; asked once for each call. */
  get isWoken(): boolean {
    return this.woken;
  }

  /** Before it looks again: what was called until now is heard. */
  rest(): void {
    this.woken = false;
  }

  /** Takes what happened in the recovery since the last time. */
  hear(
    { lines, orders }: Pick<RecoveryProgress, 'lines' | 'orders'>,
    change: Partial<IncidentView>,
  ): void {
    // Before what is written at once: a line of the audit goes with its order.
    this.log.audit(orders ?? []);
    this.log.set(change);
    for (const { stage, text, atMs } of lines) this.log.note(stage, text, atMs);
  }

  /** Who aborted it, and how. */
  get abortAsk(): Ask | undefined {
    return this.abort;
  }

  isAborted(): boolean {
    return this.abort !== undefined;
  }

  /** From now on operators' messages go to that recovery, an abort that came before included. */
  recoveryStarted(workflowId: string): void {
    this.recoveryId = workflowId;
    if (this.abort !== undefined) this.forward(workflowId, this.abort);
  }

  recoveryEnded(): void {
    this.recoveryId = undefined;
    this.heard = 0;
  }

  /** Takes no further operator's message: the incident is about to end. */
  close(): void {
    this.isClosing = true;
  }

  /** Takes an operator's message; the recovery, where one runs, does what it says. */
  operate(ask: Ask): string {
    const refusal = this.refuse(ask);
    if (refusal !== undefined) {
      this.audit(ask, { isRefused: true, detail: refusal });
      return refusal;
    }
    if (ask.action === 'abort') this.abort = ask;
    const answer = this.answerTo(ask);
    // Before the line of the story, with which it is written.
    this.audit(ask, { isRefused: false, detail: answer });
    if (this.recoveryId === undefined) {
      const reason = ask.reason === undefined ? '' : ` (${ask.reason})`;
      this.log.tell('operator', `${whoOf(ask)}: ${ask.action}${reason}`);
    } else {
      this.forward(this.recoveryId, ask);
    }
    return answer;
  }

  private answerTo({ action }: Ask): string {
    if (this.recoveryId !== undefined) return `${action}: sent to the recovery`;
    return this.mitigations.count > 0
      ? 'what the recovery left in force is undone'
      : 'no further recovery will run';
  }

  private handleDetector(): void {
    setHandler(observedSignal, (seen) => {
      const { violation } = this.log.view;
      this.silent = false;
      if (this.resolvedAt !== undefined) {
        this.resolvedAt = undefined;
        this.log.tell('returned', `${violation.metric} is beyond its limit again`);
      }
      // First: what people were told of the severity is not told to them again.
      if (seen.paged !== undefined) this.log.pagedElsewhere(seen.paged);
      const severity = graver(violation.severity, seen.severity);
      const isGraver = severity !== violation.severity;
      this.log.set({ violation: { ...violation, severity, value: seen.value } });
      if (isGraver) this.log.tell('severity', `now ${severity}: ${seen.value.toPrecision(4)}`);
    });
    setHandler(resolvedSignal, ({ atMs, why }) => {
      if (this.resolvedAt !== undefined) return;
      this.resolvedAt = { atMs, why };
      this.log.tell('compliant', why);
    });
    setHandler(noDataSignal, () => {
      if (this.silent) return;
      this.silent = true;
      this.log.tell('no-data', `${this.log.view.violation.metric} has no fresh samples`);
    });
  }

  private handlePeople(): void {
    setHandler(acknowledgeSignal, (message) => void this.acknowledge(message), {
      description: 'A person owns it: {"by": "you"}',
    });
    setHandler(acknowledgeUpdate, (message) => this.acknowledge(message), {
      description: 'A person owns it: {"by": "you"}',
    });
    setHandler(abortSignal, (message) => void this.operate({ ...message, action: 'abort' }), {
      description: 'Stops and undoes the recovery; {"keep": true} keeps what was changed',
    });
    handleOperators(
      (ask) => this.refuse(ask),
      (ask) => this.operate(ask),
    );
  }

  private acknowledge(message: OperatorMessage): string {
    const by = whoOf(message);
    const answer = `acknowledged by ${by}`;
    // Before the line of the story, with which it is written.
    this.audit({ ...message, action: 'acknowledge' }, { isRefused: false, detail: answer });
    this.log.set({ acknowledgedBy: by });
    this.log.tell('acknowledged', `by ${by}`);
    return answer;
  }

  private audit(
    ask: Parameters<typeof auditOf>[0],
    result: { readonly isRefused: boolean; readonly detail: string },
  ): void {
    this.orders += 1;
    this.log.audit(auditOf(ask, this.log.view.id, result, this.orders));
  }

  private refuse(ask: Ask): string | undefined {
    if (this.isClosing) return `the incident is ending: there is nothing to ${ask.action}`;
    const isRunning = this.recoveryId !== undefined;
    return refusalOf(ask, this.log.view, { isRunning, isAborted: this.isAborted() });
  }

  private forward(recoveryId: string, ask: Ask): void {
    // After a cancel request nothing else may be sent from the workflow's own scope.
    void CancellationScope.nonCancellable(() =>
      post({ workflowId: recoveryId }, operatorSignal, ask),
    ).catch((error: unknown) => this.log.tell('operator', `${ask.action}: ${messageOf(error)}`));
  }
}
