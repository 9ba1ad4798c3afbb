import {
  allHandlersFinished,
  CancellationScope,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import { graver, severityRank } from '../domain/sla/severity.js';
import { IncidentLog } from './incident-log.js';
import {
  abortSignal,
  acknowledgeSignal,
  acknowledgeUpdate,
  ATTRIBUTES,
  grantedSignal,
  LEASE_WORKFLOW_ID,
  noDataSignal,
  observedSignal,
  operatorSignal,
  progressSignal,
  releaseLeaseSignal,
  resolvedSignal,
  stateQuery,
  type IncidentInput,
  type IncidentPolicy,
  type IncidentResult,
  type OperatorMessage,
  type OwedUndo,
  type RecoveryInput,
  type RecoveryPlan,
  type RecoveryResult,
  type VerificationPlan,
} from './messages.js';
import { handleOperators, type Ask } from './operator-control.js';
import { acquireLease, captureEvidence, planIncident, verifyStep } from './proxies.js';
import { recoveryTypeOf } from './procedures/index.js';
import { messageOf, release, undo } from './rollback.js';
import { rootCauseAnalysis } from './root-cause-analysis.js';

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
  private resolved: { atMs: number; why: string } | undefined;
  private isSilent = false;
  private readonly granted = new Set<string>();
  private recoveryId: string | undefined;
  private aborted: Ask | undefined;
  private tried: string[] = [];
  private attempts = 0;
  /** Severity with which the last choice of a procedure was made. */
  private plannedRank = -1;
  private isClosing = false;
  private outcome: Outcome = 'none';
  private mayTryAgain = false;
  /** Mitigations in force, oldest first. */
  private readonly held: OwedUndo[] = [];
  private verification: VerificationPlan | undefined;
  private policy: IncidentPolicy = { releaseAfterMs: 0, maxConcurrent: 1, maxTogether: 1 };

  constructor(private readonly input: IncidentInput) {
    this.log = new IncidentLog(input);
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
    setHandler(grantedSignal, ({ requestId }) => void this.granted.add(requestId));
    setHandler(progressSignal, (progress) => {
      this.log.set({
        state: progress.state,
        steps: progress.steps,
        owed: progress.owed,
        waiting: progress.waiting,
      });
      for (const { stage, text } of progress.lines) this.log.note(stage, text);
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
    const { waiting, state } = this.log.view;
    if (this.isClosing) return `the incident is ${state}: there is nothing to ${action}`;
    if (action === 'abort') {
      return this.aborted === undefined ? undefined : 'it is being aborted already';
    }
    if (this.recoveryId === undefined) return `no recovery is running: the incident is ${state}`;
    if (action === 'approve' || action === 'deny') {
      return waiting?.kind === 'step' ? undefined : 'no step waits for an approval';
    }
    if (action === 'approve-rollback') {
      return waiting?.kind === 'rollback' ? undefined : 'no rollback waits for an approval';
    }
    if (action === 'resume') return state === 'paused' ? undefined : 'it is not paused';
    if (state === 'rolling-back') return 'the rollback has begun: it is not stopped halfway';
    if (action === 'pause' && state === 'paused') return 'it is paused already';
    return undefined;
  }

  /** Takes an operator's message; the recovery, where one runs, does what it says. */
  operate(ask: Ask): string {
    const refusal = this.refuse(ask.action);
    if (refusal !== undefined) return refusal;
    if (ask.action === 'abort') this.aborted = ask;
    if (this.recoveryId === undefined) {
      this.log.tell('operator', `${ask.by ?? 'an operator'}: ${ask.action}`);
      return 'no further recovery will run';
    }
    const recovery = getExternalWorkflowHandle(this.recoveryId);
    // After a cancel request nothing else may be sent from the workflow's own scope.
    void CancellationScope.nonCancellable(() => recovery.signal(operatorSignal, ask)).catch(
      (error: unknown) => this.log.tell('operator', `${ask.action}: ${messageOf(error)}`),
    );
    return `${ask.action}: sent to the recovery`;
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
      analysis ??= this.analyse(this.outcome);
      const settled = await this.untilResolved();
      if (settled === 'again') continue;
      const ended = settled === 'aborted' ? settled : await this.releaseAll();
      if (ended === 'done') break;
      if (ended === 'aborted') await this.undoHeld();
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

  private end(outcome: Outcome): void {
    this.outcome = outcome;
    this.log.set({ outcome });
  }

  /** Chooses, waits for its turn and runs one procedure; `outcome` says how that ended. */
  private async recoverOnce(): Promise<void> {
    this.mayTryAgain = false;
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
    try {
      if (await this.takeTurn(requestId, plan)) {
        const result = await this.runRecovery(plan);
        this.tried.push(plan.procedure);
        this.held.push(...result.owed);
        this.log.set({ steps: result.steps, owed: [...this.held], waiting: undefined });
        this.end(result.outcome);
        // What was stopped by a person is not tried in another way.
        this.mayTryAgain = result.outcome === 'rolled-back';
      } else {
        this.end(this.isAborted() ? 'aborted' : 'superseded');
        this.log.tell(this.outcome, 'nothing was changed');
      }
    } finally {
      this.giveTurn(requestId);
    }
  }

  /** Waits for the target. False: meanwhile the violation went away, or it was aborted. */
  private async takeTurn(requestId: string, plan: RecoveryPlan): Promise<boolean> {
    const { granted, ahead } = await this.acquire(requestId);
    if (granted) return true;
    this.log.set({ state: 'waiting' });
    this.log.tell('waiting', `another recovery acts on this target; ${ahead} ahead in the queue`);
    const isOver = () => this.resolved !== undefined || this.isAborted();
    await condition(() => this.granted.has(requestId) || isOver());
    if (isOver()) return false;
    // Whoever went before may have cured it: look at fresh samples before acting as well.
    const sinceMs = now() - plan.verification.rule.holdMs;
    const verdict = await verifyStep({
      verification: plan.verification,
      sinceMs,
      untilMs: now() + 2 * plan.verification.rule.holdMs,
    });
    if (verdict.kind !== 'recovered') return true;
    // The lease must not be held while the detector makes up its mind.
    this.giveTurn(requestId);
    this.log.tell('waiting', 'it looks cured: waiting for the detector to agree');
    await condition(isOver, this.input.violation.windowMs * 2);
    return isOver() ? false : this.takeTurn(`${requestId}+`, plan);
  }

  private async acquire(requestId: string): Promise<{ granted: boolean; ahead: number }> {
    const { service, replica, severity } = this.log.view.violation;
    const { maxConcurrent, maxTogether } = this.policy;
    return acquireLease({
      requestId,
      holderId: workflowInfo().workflowId,
      holderRunId: workflowInfo().runId,
      target: { service, replica },
      severity,
      maxConcurrent,
      maxTogether,
    });
  }

  private giveTurn(requestId: string): void {
    const lease = getExternalWorkflowHandle(LEASE_WORKFLOW_ID);
    for (const id of [requestId, ...[...this.granted].filter((g) => g.startsWith(requestId))]) {
      void lease.signal(releaseLeaseSignal, { requestId: id }).catch(() => undefined);
    }
  }

  private async runRecovery(plan: RecoveryPlan): Promise<RecoveryResult> {
    const incidentId = workflowInfo().workflowId;
    const { service, replica, severity, threshold, violationType } = this.log.view.violation;
    const workflowId = `recovery:${incidentId}:${this.attempts}`;
    this.log.set({ state: 'recovering' });
    const where = replica ?? service;
    const child: RecoveryInput = {
      incidentId,
      violation: this.log.view.violation,
      plan,
      uiBase: this.input.uiBase,
    };
    try {
      const handle = await startChild(recoveryTypeOf(plan.workflowType), {
        args: [child],
        workflowId,
        // Should this incident be terminated, its recovery still undoes what it owes.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${plan.procedure} for ${where}`,
        staticDetails: plan.why,
        typedSearchAttributes: [
          { key: ATTRIBUTES.service, value: service },
          ...(replica === undefined ? [] : [{ key: ATTRIBUTES.replica, value: replica }]),
          { key: ATTRIBUTES.threshold, value: threshold },
          { key: ATTRIBUTES.violationType, value: violationType },
          { key: ATTRIBUTES.severity, value: severity },
          { key: ATTRIBUTES.procedure, value: plan.procedure },
        ],
      });
      this.recoveryId = workflowId;
      return await handle.result();
    } catch (error) {
      // Terminated from outside, or failed: what it owed is what it last told.
      const { steps, owed } = this.log.view;
      const why = isCancellation(error) ? 'cancelled' : messageOf(error);
      this.log.tell(
        'recovery-lost',
        `the recovery ended from outside (${why}); undoing what it owed`,
      );
      const left = [];
      for (const one of [...owed].reverse()) {
        const undone = await undo(one, `${workflowInfo().runId}:lost:${one.step.id}`);
        this.log.tell(undone.kind === 'undone' ? 'rolled-back' : 'undo-failed', one.undoLine);
        if (undone.kind === 'failed') left.push(one);
      }
      return {
        outcome: left.length === 0 ? 'rolled-back' : 'rollback-incomplete',
        detail: why,
        steps,
        owed: left,
      };
    } finally {
      this.recoveryId = undefined;
    }
  }

  /** Never delays or undoes a recovery: it runs beside the rest, and its failure is only a line. */
  private async analyse(outcome: Outcome): Promise<void> {
    const { workflowId, runId } = workflowInfo();
    try {
      const { probableCause } = await executeChild(rootCauseAnalysis, {
        args: [
          {
            incidentId: workflowId,
            incidentRunId: runId,
            violation: this.input.violation,
            openedAtMs: this.log.view.openedAtMs,
            steps: this.log.view.steps,
            outcome,
          },
        ],
        workflowId: `rca:${runId}`,
        taskQueue: 'rca',
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Why ${this.input.violation.metric} of ${this.input.violation.replica ?? this.input.violation.service}`,
      });
      this.log.set({ probableCause });
      this.log.tell('cause', probableCause);
    } catch (error) {
      this.log.tell('cause', `undetermined: the analysis failed (${messageOf(error)})`);
    }
  }

  /** Waits for the violation's end, or for a reason to act again. */
  private async untilResolved(): Promise<'resolved' | 'again' | 'aborted'> {
    // The next procedure, if there is one, comes at once; the choice says when there is none.
    if (this.mayTryAgain && this.resolved === undefined) return 'again';
    if (this.outcome === 'recovered') this.log.set({ state: 'verifying' });
    const isAbortedHolding = () => this.isAborted() && this.held.length > 0;
    const isGraver = () =>
      this.outcome !== 'recovered' &&
      severityRank(this.log.view.violation.severity) > this.plannedRank &&
      !this.isAborted();
    // A replica taken out of service has no samples of its own: its service's SLI was verified.
    const isTakenOut = () => this.outcome === 'recovered' && this.isSilent;
    const isGone = () => this.resolved !== undefined || isTakenOut();
    await condition(() => isGone() || isGraver() || isAbortedHolding());
    if (isAbortedHolding()) return 'aborted';
    return isGone() ? 'resolved' : 'again';
  }

  /** An abort after the recovery: what it left in force is undone, or kept if so ordered. */
  private async undoHeld(): Promise<void> {
    const keeps = this.aborted?.keep === true;
    for (const owed of this.held.splice(0).reverse()) {
      if (keeps) {
        this.log.tell('kept', owed.undoLine);
        continue;
      }
      const undone = await undo(owed, `${workflowInfo().runId}:abort:${owed.step.id}`);
      if (undone.kind === 'undone') this.log.tell('rolled-back', undone.text);
      else this.log.tell('escalated', `${undone.why}; a person must: ${owed.undoLine}`);
    }
    this.log.set({ owed: [...this.held] });
    this.end('aborted');
  }

  /** Releases what was temporary, once the SLI has held. `again`: the violation came back first. */
  private async releaseAll(): Promise<'done' | 'again' | 'aborted'> {
    const { verification } = this;
    if (verification === undefined || this.held.length === 0) return 'done';
    this.log.set({ state: 'mitigated' });
    const { releaseAfterMs } = this.policy;
    this.log.tell(
      'hold',
      `mitigations are released once it has held for ${releaseAfterMs / 1000} s`,
    );
    const isBack = () => this.resolved === undefined && !this.isSilent;
    await condition(() => isBack() || this.isAborted(), releaseAfterMs);
    if (this.isAborted()) return 'aborted';
    if (isBack()) return 'again';
    this.log.set({ state: 'releasing' });
    for (const owed of [...this.held].reverse()) {
      const requestId = `${workflowInfo().runId}:release:${owed.step.id}`;
      const { granted } = await this.acquire(requestId);
      if (!granted) await condition(() => this.granted.has(requestId));
      const freed = await release(owed, verification, requestId, now);
      this.giveTurn(requestId);
      if (freed.kind !== 'released') {
        const { replica, service } = owed.step.target;
        const todo = `a person must mend ${replica ?? service}, then: ${owed.undoLine}`;
        this.log.tell(freed.kind === 'put-back' ? 'kept' : 'escalated', `${freed.why}; ${todo}`);
        break;
      }
      this.held.splice(this.held.indexOf(owed), 1);
      this.log.set({ owed: [...this.held] });
      this.log.tell('released', freed.text);
    }
    return 'done';
  }
}
