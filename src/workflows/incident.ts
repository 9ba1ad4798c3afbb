import {
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import type { LeaseLimits } from '../domain/recovery/lease.js';
import { graver, severityRank } from '../domain/sla/severity.js';
import { analyse, runRecovery, settleLostRecovery } from './incident-children.js';
import { IncidentLog } from './incident-log.js';
import { refusalOf } from './incident-refusal.js';
import {
  abortSignal,
  acknowledgeSignal,
  acknowledgeUpdate,
  noDataSignal,
  observedSignal,
  operatorSignal,
  progressSignal,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentPolicy,
  type IncidentResult,
  type OperatorMessage,
  type RecoveryPlan,
  type RecoveryResult,
  type VerificationPlan,
} from './messages.js';
import { handleOperators, type Ask } from './operator-control.js';
import { captureEvidence, planIncident, verifyStep } from './proxies.js';
import { messageOf } from './rollback.js';
import { Mitigations } from './mitigations.js';
import { Turns } from './turns.js';

const now = () => Date.now();

/**
 * One violation from its start to its end: it chooses a procedure, waits for its turn, runs it as a
 * child, has the cause analysed, waits until the violation is gone, and releases what was only a
 * mitigation. A cancel, as from the Temporal UI's button, is an abort of the recovery.
 */
export async function incident(input: IncidentInput): Promise<IncidentResult> {
  const run = new Incident(input);
  CancellationScope.current().cancelRequested.catch(() => {
    run.operate({ action: 'abort', by: 'a cancel request', reason: 'cancelled' });
  });
  return CancellationScope.nonCancellable(() => run.live());
}

class Incident {
  private readonly log: IncidentLog;
  private readonly turns: Turns;
  private readonly mitigations: Mitigations;
  private resolved: { atMs: number; why: string } | undefined;
  private isSilent = false;
  private recoveryId: string | undefined;
  private aborted: Ask | undefined;
  private readonly tried: string[] = [];
  private attempts = 0;
  /** Severity with which the last choice of a procedure was made. */
  private plannedRank = -1;
  private isClosing = false;
  private outcome: Outcome = 'none';
  private mayTryAgain = false;
  private verification: VerificationPlan | undefined;
  private policy: IncidentPolicy | undefined;
  /** When a refused procedure may be asked for again. */
  private retryAtMs: number | undefined;

  constructor(private readonly input: IncidentInput) {
    this.log = new IncidentLog(input);
    const { service, replica } = input.violation;
    this.turns = new Turns({ service, replica });
    this.mitigations = new Mitigations(this.log, this.turns);
    setHandler(stateQuery, () => this.log.view, { description: 'State, plan, steps, owed undos' });
    setHandler(observedSignal, (seen) => {
      const { violation } = this.log.view;
      this.isSilent = false;
      if (this.resolved !== undefined) {
        this.resolved = undefined;
        this.log.tell('returned', `${violation.metric} is beyond its limit again`);
      }
      const severity = graver(violation.severity, seen.severity);
      const isGraver = severity !== violation.severity;
      this.log.set({ violation: { ...violation, severity, value: seen.value } });
      if (isGraver) this.log.tell('severity', `now ${severity}: ${seen.value.toPrecision(4)}`);
    });
    setHandler(resolvedSignal, ({ atMs, why }) => {
      if (this.resolved !== undefined) return;
      this.resolved = { atMs, why };
      this.log.tell('compliant', why);
    });
    setHandler(noDataSignal, () => {
      if (this.isSilent) return;
      this.isSilent = true;
      this.log.tell('no-data', `${this.input.violation.metric} has no fresh samples`);
    });
    setHandler(progressSignal, (progress) => {
      this.log.set({
        state: progress.state,
        steps: progress.steps,
        owed: progress.owed,
        waiting: progress.waiting,
      });
      for (const { stage, text, atMs } of progress.lines) this.log.note(stage, text, atMs);
    });
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
      (action) => this.refuse(action),
      (ask) => this.operate(ask),
    );
  }

  private acknowledge(message: OperatorMessage): string {
    const by = message.by ?? 'an operator';
    this.log.set({ acknowledgedBy: by });
    this.log.tell('acknowledged', `by ${by}`);
    return `acknowledged by ${by}`;
  }

  private refuse(action: Ask['action']): string | undefined {
    if (this.isClosing) return `the incident is ending: there is nothing to ${action}`;
    const isRunning = this.recoveryId !== undefined;
    return refusalOf(action, this.log.view, { isRunning, isAborted: this.isAborted() });
  }

  /** Takes an operator's message; the recovery, where one runs, does what it says. */
  operate(ask: Ask): string {
    const refusal = this.refuse(ask.action);
    if (refusal !== undefined) return refusal;
    if (ask.action === 'abort') this.aborted = ask;
    if (this.recoveryId === undefined) {
      this.log.tell('operator', `${ask.by ?? 'an operator'}: ${ask.action}`);
      return this.mitigations.count > 0
        ? 'what the recovery left in force is undone'
        : 'no further recovery will run';
    }
    this.forward(this.recoveryId, ask);
    return `${ask.action}: sent to the recovery`;
  }

  private forward(recoveryId: string, ask: Ask): void {
    const recovery = getExternalWorkflowHandle(recoveryId);
    // After a cancel request nothing else may be sent from the workflow's own scope.
    void CancellationScope.nonCancellable(() => recovery.signal(operatorSignal, ask)).catch(
      (error: unknown) => this.log.tell('operator', `${ask.action}: ${messageOf(error)}`),
    );
  }

  async live(): Promise<IncidentResult> {
    this.log.open();
    const capturing = captureEvidence({
      incidentId: workflowInfo().workflowId,
      incidentRunId: workflowInfo().runId,
      violation: this.input.violation,
    }).catch((error: unknown) => this.log.note('evidence', `not captured: ${messageOf(error)}`));
    let analysis: Promise<void> | undefined;
    for (;;) {
      await this.recoverOnce();
      await capturing;
      analysis ??= analyse(this.log, this.outcome);
      const settled = await this.untilResolved();
      if (settled === 'again') continue;
      const ended = settled === 'aborted' ? settled : await this.releaseAll();
      if (ended === 'done') break;
      if (ended === 'aborted') {
        await this.mitigations.undoAll(this.aborted?.keep === true);
        this.end('aborted');
      }
    }
    this.isClosing = true;
    await analysis;
    await this.log.close(this.resolved?.atMs ?? now());
    await condition(allHandlersFinished);
    const { procedure, probableCause } = this.log.view;
    return { outcome: this.outcome, procedure, probableCause };
  }

  private isAborted(): boolean {
    return this.aborted !== undefined;
  }

  /** Whether the budget or a cooldown forbade the last try. */
  private isRefused(): boolean {
    return this.retryAtMs !== undefined;
  }

  private end(outcome: Outcome): void {
    this.outcome = outcome;
    this.log.set({ outcome });
  }

  /** Chooses, waits for its turn and runs one procedure; `outcome` says how that ended. */
  private async recoverOnce(): Promise<void> {
    this.mayTryAgain = false;
    this.retryAtMs = undefined;
    if (this.isAborted()) {
      this.end('aborted');
      return;
    }
    const { violation } = this.log.view;
    this.plannedRank = severityRank(violation.severity);
    const decision = await planIncident({ violation, tried: this.tried });
    this.policy = decision.policy;
    if (decision.kind === 'none') {
      this.log.set({ state: 'escalated', why: decision.why });
      this.log.tell('escalated', `${decision.why}; a person must look`);
      return;
    }
    const { plan } = decision;
    this.verification = plan.verification;
    this.log.set({ procedure: plan.procedure, why: plan.why });
    this.attempts += 1;
    const requestId = `${workflowInfo().runId}:${this.attempts}`;
    const turn = await this.takeTurn(requestId, plan, decision.policy.limits);
    try {
      if (turn !== undefined) {
        const result = await this.runRecovery(plan);
        this.tried.push(plan.procedure);
        this.log.set({ steps: result.steps, waiting: undefined });
        this.mitigations.add(result.owed);
        this.end(result.outcome);
        // What was stopped by a person is not tried in another way.
        this.mayTryAgain = result.outcome === 'rolled-back';
      } else {
        const ended = this.isRefused() ? 'refused' : 'superseded';
        this.end(this.isAborted() ? 'aborted' : ended);
        if (!this.isRefused()) this.log.tell(this.outcome, 'nothing was changed');
      }
    } finally {
      if (turn !== undefined) this.turns.give(turn);
    }
  }

  /** Waits for the target; undefined when meanwhile the violation went away, or it was aborted. */
  private async takeTurn(
    requestId: string,
    plan: RecoveryPlan,
    limits: LeaseLimits,
  ): Promise<string | undefined> {
    const { severity, windowMs } = this.log.view.violation;
    const answer = await this.turns.ask(requestId, {
      severity,
      purpose: { kind: 'recovery', procedure: plan.procedure },
      limits,
    });
    if (answer.refusal !== undefined) {
      const { why, retryAfterMs } = answer.refusal;
      this.retryAtMs = now() + retryAfterMs;
      this.log.set({ state: 'escalated', why });
      this.log.tell('escalated', `${why}; a person may act before ${plan.procedure} does`);
      return undefined;
    }
    const isOver = () => this.resolved !== undefined || this.isAborted();
    const { holdMs } = plan.verification.rule;
    const isEarly = now() - this.log.view.openedAtMs < holdMs;
    if (answer.granted && isEarly) return requestId;
    if (!answer.granted) {
      this.log.set({ state: 'waiting' });
      const place = answer.ahead === 0 ? 'it is next' : `${answer.ahead} come before it`;
      this.log.tell('waiting', `another recovery acts on this target; ${place}`);
    }
    const isMine = answer.granted || (await this.turns.wait(requestId, isOver));
    // Time went by, and whoever went before may have cured it: look before acting as well.
    const { verification } = plan;
    const look = { verification, sinceMs: now() - 2 * holdMs, untilMs: now() };
    if (isMine && (await verifyStep(look)).kind !== 'recovered') return requestId;
    // The target must not be held while the detector makes up its mind.
    this.turns.give(requestId);
    if (!isMine) return undefined;
    this.log.tell('waiting', 'it looks cured: waiting for the detector to agree');
    await condition(isOver, 4 * windowMs);
    return isOver() ? undefined : this.takeTurn(`${requestId}+`, plan, limits);
  }

  private async runRecovery(plan: RecoveryPlan): Promise<RecoveryResult> {
    this.log.set({ state: 'recovering' });
    const { view } = this.log;
    try {
      return await runRecovery(
        { view, plan, attempt: this.attempts, uiBase: this.input.uiBase },
        (id) => {
          this.recoveryId = id;
          // It may have been aborted while the recovery was being started.
          if (this.aborted !== undefined) this.forward(id, this.aborted);
        },
      );
    } catch (error) {
      return await settleLostRecovery(this.log, error);
    } finally {
      this.recoveryId = undefined;
    }
  }

  /** Waits for the violation's end, or for a reason to act again. */
  private async untilResolved(): Promise<'resolved' | 'again' | 'aborted'> {
    // The next procedure, if there is one, comes at once; the choice says when there is none.
    if (this.mayTryAgain && this.resolved === undefined) return 'again';
    if (this.outcome === 'recovered') this.log.set({ state: 'verifying' });
    const isAbortedHolding = () => this.isAborted() && this.mitigations.count > 0;
    const isGraver = () =>
      this.outcome !== 'recovered' &&
      severityRank(this.log.view.violation.severity) > this.plannedRank &&
      !this.isAborted();
    // A replica taken out of service has no samples of its own: its service's SLI was verified.
    const isTakenOut = () => this.outcome === 'recovered' && this.isSilent;
    const isGone = () => this.resolved !== undefined || isTakenOut();
    const isSettled = () => isGone() || isGraver() || isAbortedHolding();
    if (this.retryAtMs === undefined) await condition(isSettled);
    else await condition(isSettled, Math.max(1, this.retryAtMs - now()));
    if (isAbortedHolding()) return 'aborted';
    return isGone() ? 'resolved' : 'again';
  }

  /** Releases what was temporary, once the SLI has held. `again`: the violation came back. */
  private async releaseAll(): Promise<'done' | 'again' | 'aborted'> {
    const { verification, policy } = this;
    if (verification === undefined || policy === undefined) return 'done';
    if (this.mitigations.count === 0) return 'done';
    this.log.set({ state: 'mitigated' });
    const holdMs = policy.releaseAfterMs;
    this.log.tell('hold', `mitigations are released once it has held for ${holdMs / 1000} s`);
    const isBack = () => this.resolved === undefined && !this.isSilent;
    await condition(() => isBack() || this.isAborted(), holdMs);
    if (this.isAborted()) return 'aborted';
    if (isBack()) return 'again';
    this.log.set({ state: 'releasing' });
    const released = await this.mitigations.releaseAll(verification, policy);
    if (this.isAborted()) return 'aborted';
    if (released === 'released') return isBack() ? 'again' : 'done';
    // The samples of the trial must have left the window, and what was put back have cured it once
    // more, before the incident is closed: else the detector would open the next one from them.
    const { windowMs } = this.input.violation;
    await condition(() => this.isAborted(), windowMs);
    await condition(() => !isBack() || this.isAborted(), 4 * windowMs);
    if (this.isAborted()) return 'aborted';
    return isBack() ? 'again' : 'done';
  }
}
