import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { IncidentState, Outcome } from '../domain/archive.js';
import type { Verdict } from '../domain/recovery/verification.js';
import {
  ATTRIBUTES,
  operatorSignal,
  progressSignal,
  recoveryQuery,
  type OwedUndo,
  type PlannedStep,
  type RecoveryInput,
  type RecoveryProgress,
  type RecoveryResult,
  type StepReport,
} from './messages.js';
import { handleOperators, OperatorControl, type Ask } from './operator-control.js';
import { applyStepOf, prepareStep, verifyStep } from './proxies.js';
import { describeRecovery } from './details.js';
import { messageOf, undo } from './rollback.js';

const now = () => Date.now();

/**
 * The skeleton of every procedure: its steps in order, each owed before it acts, verified on fresh
 * samples after it settled; the least that helps. What did not help in the end is rolled back, newest
 * first. A cancel, as from the Temporal UI's button, is an abort: it stops and undoes.
 */
export async function recover(input: RecoveryInput): Promise<RecoveryResult> {
  const recovery = new Recovery(input);
  CancellationScope.current().cancelRequested.catch(() => {
    recovery.operate({ action: 'abort', by: 'a cancel request', reason: 'cancelled' });
  });
  return CancellationScope.nonCancellable(() => recovery.run());
}

class Recovery {
  private readonly control = new OperatorControl();
  private readonly steps: StepReport[];
  private readonly owed: OwedUndo[] = [];
  private untold: { stage: string; text: string }[] = [];
  private telling: Promise<void> | undefined;
  private state: IncidentState = 'recovering';
  private isEnding = false;
  private operations = 0;

  constructor(private readonly input: RecoveryInput) {
    this.steps = input.plan.steps.map((step) => ({
      id: step.id,
      action: step.action,
      target: step.target,
      state: 'planned',
      line: '',
      startedAtMs: undefined,
      endedAtMs: undefined,
      before: undefined,
      after: undefined,
    }));
    setHandler(recoveryQuery, () => this.progress(), { description: 'Steps, and what is owed' });
    setHandler(operatorSignal, (ask) => void this.operate(ask), {
      description: 'An operator’s message, forwarded by the incident',
    });
    handleOperators(
      (action) => this.control.refuse(action, this.isEnding),
      (ask) => this.operate(ask),
    );
  }

  /** Takes an operator's message; one that makes no sense any more changes nothing, and says why. */
  operate(ask: Ask): string {
    const refusal = this.control.refuse(ask.action, this.isEnding);
    if (refusal !== undefined) return refusal;
    const answer = this.control.accept(ask);
    const who = ask.by ?? 'an operator';
    const why = ask.reason === undefined ? '' : ` (${ask.reason})`;
    this.tell('operator', `${who}: ${ask.action}${why} — ${answer}`);
    return answer;
  }

  async run(): Promise<RecoveryResult> {
    const result = await this.attempt();
    while (this.telling !== undefined) await this.telling;
    return result;
  }

  private async attempt(): Promise<RecoveryResult> {
    const { plan } = this.input;
    const startedAtMs = now();
    this.tell(
      'plan',
      `${plan.procedure}: ${plan.steps.map((s) => s.action).join(' → ')}; ${plan.why}`,
    );
    let isRecovered = false;
    for (const step of plan.steps) {
      await this.control.whilePaused(now);
      if (this.control.abortAsk !== undefined) break;
      if (now() - startedAtMs - this.control.waitedMs > plan.timeoutMs) {
        this.tell('timeout', `${plan.procedure} used up its ${plan.timeoutMs / 1000} s`);
        break;
      }
      isRecovered = await this.tryStep(step);
      if (isRecovered) break;
    }
    this.isEnding = true;
    if (isRecovered) {
      for (const report of this.steps) {
        if (report.state === 'planned') {
          this.update(report.id, { state: 'skipped', line: 'not needed: recovered before it' });
        }
      }
      const held = this.owed.map((o) => o.undoLine).join('; ');
      return this.end('recovered', held === '' ? 'nothing to release' : `to be released: ${held}`);
    }
    return this.rollBack();
  }

  /** One step, start to verdict. Returns whether the SLI recovered. */
  private async tryStep(step: PlannedStep): Promise<boolean> {
    try {
      const prepared = await this.prepare(step);
      if (prepared === undefined) return false;
      // Owed before it acts: a step that timed out may have taken effect.
      if (step.irreversible === undefined) this.owed.push(prepared);
      const isApplied = await this.apply(step, prepared);
      return isApplied && (await this.verify(step));
    } catch (error) {
      if (!isCancellation(error)) throw error;
      const skip = this.control.takeSkip();
      if (skip !== undefined && this.control.abortAsk === undefined) {
        await this.undoStep(step, `left out by ${skip.by ?? 'an operator'}`);
        this.update(step.id, { state: 'skipped', line: `left out by ${skip.by ?? 'an operator'}` });
      }
      return false;
    }
  }

  /** Reads the state before, and asks where it must. Undefined: this step does not act. */
  private async prepare(step: PlannedStep): Promise<OwedUndo | undefined> {
    this.update(step.id, { startedAtMs: now() });
    const request = { violation: this.input.violation, step };
    let ready = await this.control.interruptibly(() => prepareStep(request));
    if (ready.kind === 'ready' && step.autonomy !== 'auto') {
      if (step.autonomy === 'observe' || step.autonomy === 'suggest') {
        ready = { kind: 'skip', why: `autonomy is ${step.autonomy}; it would have: ${ready.line}` };
      } else if (await this.isApproved(step, ready.line)) {
        // The fleet may have changed while a person made up their mind.
        ready = await this.control.interruptibly(() => prepareStep(request));
      } else {
        return undefined;
      }
    }
    if (ready.kind !== 'ready') {
      const state = ready.kind === 'skip' ? 'skipped' : 'refused';
      this.update(step.id, { state, line: ready.why, endedAtMs: now() });
      this.tell(state, `${step.action}: ${ready.why}`);
      return undefined;
    }
    this.update(step.id, { state: 'applying', line: ready.line });
    this.tell('try', `${step.action}: ${ready.line}`);
    return { step, before: ready.before, desired: ready.desired, undoLine: ready.undoLine };
  }

  private async isApproved(step: PlannedStep, line: string): Promise<boolean> {
    const { plan } = this.input;
    const untilMs = now() + plan.approvalTimeoutMs;
    this.update(step.id, { state: 'awaiting-approval', line });
    const asking = this.control.ask(
      { kind: 'step', stepId: step.id, line, untilMs, onTimeout: plan.onApprovalTimeout },
      now,
    );
    this.state = 'awaiting-approval';
    this.tell('approval', `${step.action} waits for approval: ${line}`);
    const answer = await asking;
    this.state = 'recovering';
    if (answer?.action === 'approve') return true;
    if (answer === undefined && plan.onApprovalTimeout === 'approve') {
      this.tell('approval', `${step.action}: nobody answered; it goes on, as configured`);
      return true;
    }
    this.control.takeSkip();
    const why =
      answer === undefined
        ? `nobody answered within ${plan.approvalTimeoutMs / 1000} s`
        : `${answer.action} by ${answer.by ?? 'an operator'}${answer.reason === undefined ? '' : `: ${answer.reason}`}`;
    this.update(step.id, { state: 'skipped', line: `not approved: ${why}`, endedAtMs: now() });
    this.tell('skipped', `${step.action}: not approved: ${why}`);
    if (answer === undefined && plan.onApprovalTimeout === 'rollback') {
      this.operate({ action: 'abort', by: 'the approval’s timeout' });
    }
    return false;
  }

  private async apply(step: PlannedStep, prepared: OwedUndo): Promise<boolean> {
    try {
      const text = await this.control.interruptibly(() =>
        applyStepOf(step)({ step, prepared, operationId: this.operationId(step) }),
      );
      this.update(step.id, { state: 'settling', line: text });
      this.tell('changed', `${step.action}: ${text}`);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      // It may have taken effect before it failed: what it owes is undone now.
      const why = messageOf(error);
      this.update(step.id, { state: 'failed', line: why, endedAtMs: now() });
      this.tell('failed', `${step.action}: ${why}`);
      await this.undoStep(step, 'the step failed');
      return false;
    }
  }

  private async verify(step: PlannedStep): Promise<boolean> {
    const { verification } = this.input.plan;
    const sinceMs = now() + step.settleMs;
    const verdict: Verdict = await this.control.interruptibly(async () => {
      await sleep(step.settleMs);
      this.update(step.id, { state: 'verifying' });
      return verifyStep({ verification, sinceMs, untilMs: sinceMs + verification.timeoutMs });
    });
    const { metric, rule } = verification;
    const after = verdict.kind === 'undecided' ? undefined : verdict.median;
    this.update(step.id, { state: verdict.kind, before: rule.before, after, endedAtMs: now() });
    const figures =
      verdict.kind === 'undecided'
        ? verdict.why
        : `${metric} ${rule.before.toPrecision(4)} → ${verdict.median.toPrecision(4)} (limit ${rule.limit.toPrecision(4)})`;
    const isRecovered = verdict.kind === 'recovered';
    this.tell(isRecovered ? 'verified' : verdict.kind, `${step.action}: ${figures}`);
    if (verdict.kind === 'worse') await this.undoStep(step, 'it made things worse');
    return isRecovered;
  }

  /** Undoes that step alone, at once; what cannot be undone stays owed for the rollback. */
  private async undoStep(step: PlannedStep, why: string): Promise<void> {
    const index = this.owed.findIndex((owed) => owed.step.id === step.id);
    const owed = this.owed[index];
    if (owed === undefined) return;
    const result = await undo(owed, `${this.operationId(step)}:undo`);
    if (result.kind === 'failed') {
      this.tell('undo-failed', `${step.action}: ${result.why}; it is tried again in the rollback`);
      return;
    }
    this.owed.splice(index, 1);
    this.tell('undone', `${step.action}: ${result.text}; ${why}`);
  }

  /** Newest first, every one tried, whatever fails. */
  private async rollBack(): Promise<RecoveryResult> {
    const abort = this.control.abortAsk;
    const ended: Outcome = abort === undefined ? 'rolled-back' : 'aborted';
    const who = abort === undefined ? '' : ` by ${abort.by ?? 'an operator'}`;
    const isOrdered = abort !== undefined && abort.keep !== true;
    if (this.input.plan.asksBeforeRollback && !isOrdered && this.owed.length > 0) {
      await this.askBeforeRollback();
    }
    if (abort?.keep === true || this.control.rollbackAsk?.action === 'deny-rollback') {
      for (const { step } of this.owed) this.update(step.id, { state: 'kept' });
      return this.end(
        'aborted',
        `stopped${who}; kept: ${this.owed.map((o) => o.undoLine).join('; ') || 'nothing'}`,
      );
    }
    if (this.owed.length === 0) return this.end(ended, `nothing to undo${who}`);
    this.state = 'rolling-back';
    this.tell('rollback', `undoing ${this.owed.length} change(s), newest first${who}`);
    const failed: string[] = [];
    for (const owed of [...this.owed].reverse()) {
      const result = await undo(owed, `${this.operationId(owed.step)}:rollback`);
      if (result.kind === 'failed') {
        failed.push(`${owed.undoLine} (${result.why})`);
        this.update(owed.step.id, { state: 'undo-failed' });
        this.tell(
          'undo-failed',
          `${owed.step.action}: ${result.why}; a person must: ${owed.undoLine}`,
        );
      } else {
        this.owed.splice(this.owed.indexOf(owed), 1);
        this.update(owed.step.id, { state: 'undone' });
        this.tell('rolled-back', `${owed.step.action}: ${result.text}`);
      }
    }
    upsertSearchAttributes([{ key: ATTRIBUTES.rolledBack, value: failed.length === 0 }]);
    return failed.length === 0
      ? this.end(ended, `everything was undone${who}`)
      : this.end('rollback-incomplete', `a person must: ${failed.join('; ')}`);
  }

  private async askBeforeRollback(): Promise<void> {
    if (this.control.rollbackAsk !== undefined) return;
    const last = this.owed.at(-1);
    const line = `to be undone: ${this.owed.map((o) => o.undoLine).join('; ')}`;
    const untilMs = now() + this.input.plan.approvalTimeoutMs;
    const asking = this.control.ask(
      { kind: 'rollback', stepId: last?.step.id ?? '', line, untilMs, onTimeout: 'rollback' },
      now,
    );
    this.state = 'awaiting-approval';
    this.tell('approval', `the rollback waits for approval; ${line}`);
    await asking;
  }

  private end(outcome: Outcome, detail: string): RecoveryResult {
    upsertSearchAttributes([{ key: ATTRIBUTES.outcome, value: outcome }]);
    this.tell(outcome, detail);
    return { outcome, detail, steps: this.steps, owed: this.owed };
  }

  /** Unique for each intended effect of this run: asked twice, it happens once. */
  private operationId(step: PlannedStep): string {
    this.operations += 1;
    return `${workflowInfo().runId}:${step.id}:${this.operations}`;
  }

  private update(id: string, change: Partial<StepReport>): void {
    const index = this.steps.findIndex((report) => report.id === id);
    const report = this.steps[index];
    if (report !== undefined) this.steps[index] = { ...report, ...change };
  }

  private progress(lines: RecoveryProgress['lines'] = []): RecoveryProgress {
    return {
      state: this.control.paused ? 'paused' : this.state,
      steps: this.steps,
      owed: this.owed,
      waiting: this.control.waiting,
      lines,
    };
  }

  /** Tells the log, Temporal's UI and the incident what happened; a lost incident stops no recovery. */
  private tell(stage: string, text: string): void {
    const progress = this.progress();
    log.info(text, { story: stage, incident: this.input.incidentId });
    setCurrentDetails(describeRecovery(this.input, progress, text));
    upsertSearchAttributes([
      { key: ATTRIBUTES.stage, value: progress.state },
      { key: ATTRIBUTES.awaitingApproval, value: progress.waiting !== undefined },
    ]);
    this.untold.push({ stage, text });
    // After a cancel request nothing else may be sent from the workflow's own scope.
    this.telling ??= CancellationScope.nonCancellable(() => this.tellIncident()).finally(() => {
      this.telling = undefined;
    });
  }

  /** One signal at a time: the server delivers several that are under way in any order. */
  private async tellIncident(): Promise<void> {
    const incident = getExternalWorkflowHandle(this.input.incidentId);
    while (this.untold.length > 0) {
      const lines = this.untold.splice(0);
      await incident.signal(progressSignal, this.progress(lines)).catch(() => undefined);
    }
  }
}
