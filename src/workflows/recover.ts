import {
  CancellationScope,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { AuditRecord } from '../domain/archive.js';
import type { Verdict } from '../domain/recovery/verification.js';
import {
  recoveryQuery,
  type OwedUndo,
  type PlannedStep,
  type RecoveryInput,
  type RecoveryResult,
} from './messages.js';
import { operatorSignal } from './operator-messages.js';
import { Approval } from './approval.js';
import { Gates } from './gates.js';
import { auditOf } from './operator-audit.js';
import { handleOperators, OperatorControl, whoOf, type Ask } from './operator-control.js';
import { originalRunId } from './original-run.js';
import { applyStepOf, prepareStep, verifyStep } from './proxies.js';
import { readyAhead } from './ready-ahead.js';
import { RecoveryLog } from './recovery-log.js';
import { keep, settle } from './recovery-owed.js';
import { rollBackAll, type RollbackParts } from './recovery-rollback.js';
import { messageOf } from './rollback.js';
import { Turns } from './turns.js';

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
  private readonly log: RecoveryLog;
  private readonly turns: Turns;
  private readonly approval: Approval;
  private readonly gates: Gates;
  private isEnding = false;
  /** A gate ended the steps: only those for a failure are left. */
  private stopped: string | undefined;
  private operations = 0;

  constructor(private readonly input: RecoveryInput) {
    this.log = new RecoveryLog(input);
    this.turns = new Turns({ service: input.violation.service, replica: undefined });
    this.approval = new Approval(input.plan, this.control, this.log, (ask) => this.operate(ask));
    this.gates = new Gates(this.control, this.log, this.approval);
    setHandler(recoveryQuery, () => this.log.progress(), {
      description: 'Steps, and what is owed',
    });
    setHandler(operatorSignal, (ask) => void this.operate(ask), {
      description: 'An operator’s message, forwarded by the incident',
    });
    handleOperators(
      (ask) => this.control.refuse(ask, this.isEnding),
      (ask) => this.operate(ask, { isDirect: true }),
    );
  }

  /**
   * Takes an operator's message; one that makes no sense any more changes nothing, and says why. What
   * the incident forwards is in the audit already: only a direct one is to be told for it.
   */
  operate(ask: Ask, { isDirect = false } = {}): string {
    const refusal = this.control.refuse(ask, this.isEnding);
    if (refusal !== undefined) return refusal;
    const answer = this.control.accept(ask);
    if (isDirect) this.log.audit(this.auditOf(ask, answer));
    if (ask.action === 'pause') this.log.state = 'paused';
    // Nothing is held any more: it stops.
    if (ask.action === 'abort' && this.log.state === 'paused') this.log.state = 'recovering';
    if (ask.action === 'resume') {
      this.log.state = this.log.waiting === undefined ? 'recovering' : 'awaiting-approval';
    }
    const why = ask.reason === undefined ? '' : ` (${ask.reason})`;
    this.log.tell('operator', `${whoOf(ask)}: ${ask.action}${why} — ${answer}`);
    return answer;
  }

  async run(): Promise<RecoveryResult> {
    const isRecovered = await this.tryAll();
    this.isEnding = true;
    const [outcome, detail] = isRecovered
      ? settle(this.log)
      : await rollBackAll(this.rollbackParts());
    const rest = await this.log.end(outcome, detail);
    return { outcome, detail, steps: this.log.steps, owed: this.log.owed.list, rest };
  }

  /** The steps, until one recovers the SLI, time is up, or a person stops it. */
  private async tryAll(): Promise<boolean> {
    const { procedure, steps, timeoutMs } = this.input.plan;
    const startedAtMs = now();
    this.log.open();
    for (const step of steps) {
      await this.control.whilePaused(now);
      if (this.control.abortAsk !== undefined) return false;
      if (now() - startedAtMs - this.control.waitedMs > timeoutMs) {
        this.log.tell('timeout', `${procedure} used up its ${timeoutMs / 1000} s`);
        return false;
      }
      if (this.stopped !== undefined && step.isOnFailure !== true) {
        this.log.update(step, { state: 'skipped', line: `stopped before it: ${this.stopped}` });
        continue;
      }
      const isRecovered = await this.tryStep(step);
      // One that came while this step was being undone was for it, not for the next.
      this.control.takeSkip();
      if (isRecovered) return true;
    }
    return false;
  }

  private rollbackParts(): RollbackParts {
    const { control, log, approval } = this;
    const operationId = (step: PlannedStep) => this.operationId(step);
    return { plan: this.input.plan, control, log, approval, operationId };
  }

  /** One step, start to verdict. Returns whether the SLI recovered. */
  private async tryStep(step: PlannedStep): Promise<boolean> {
    try {
      if (!(await this.passGates(step))) return false;
      const hasActed = await this.alone(step, async () => {
        const prepared = await this.prepare(step);
        if (prepared === undefined) return false;
        // Owed before it acts: a step that timed out may have taken effect.
        // One without an undo may still owe what it does on its way, such as the drain of a restart.
        if (step.irreversible === undefined || prepared.undoLine !== '') {
          this.log.owed.list.push(prepared);
        }
        const isApplied = await this.apply(step, prepared);
        if (isApplied && step.irreversible !== undefined) this.log.owed.forget(prepared);
        return isApplied;
      });
      const isRecovered = hasActed && (await this.verify(step));
      // The verdict may come before the verification learns that the step is not wanted.
      if (hasActed && !isRecovered) await this.leaveOut(step);
      if (step.isKept === true) keep(this.log, step);
      return isRecovered;
    } catch (error) {
      if (!isCancellation(error)) {
        // The fleet could not be looked at, or a verdict not be had: another step may still help.
        const why = messageOf(error);
        this.log.update(step, { state: 'failed', line: why, endedAtMs: now() });
        this.log.tell('failed', `${step.action}: ${why}`);
        return false;
      }
      await this.leaveOut(step);
      return false;
    }
  }

  /** Undoes a step that an operator skips; nothing where none does, or an abort undoes all. */
  private async leaveOut(step: PlannedStep): Promise<void> {
    const skip = this.control.takeSkip();
    if (skip === undefined || this.control.abortAsk !== undefined) return;
    const line = `left out by ${whoOf(skip)}`;
    await this.undoStep(step, line);
    this.log.update(step, { state: 'skipped', line, endedAtMs: now() });
  }

  /** Whether the gates before a step let it act; a word that stops the procedure is kept. */
  private async passGates(step: PlannedStep): Promise<boolean> {
    const passage = await this.gates.pass(step);
    if (passage.kind === 'pass') return true;
    const line = passage.kind === 'skip' ? passage.why : `stopped: ${passage.why}`;
    this.log.update(step, { state: 'skipped', line, endedAtMs: now() });
    this.log.tell('gate', `${step.action} is left out: ${line}`);
    if (passage.kind === 'stop') this.stopped = passage.why;
    return false;
  }

  /**
   * Looks at the service's capacity and changes it without another recovery in between: else two that
   * each may take one replica out would together take out one too many.
   */
  private async alone(step: PlannedStep, run: () => Promise<boolean>): Promise<boolean> {
    const { limits } = this.input.plan;
    // Where only one recovery may act on a service, there is nobody to overtake; a person's answer is
    // waited for without keeping others out, and the blast radius is looked at again after it.
    if (limits.maxTogether < 2 || step.autonomy !== 'auto') return run();
    const { severity } = this.input.violation;
    const want = { severity, limits, purpose: { kind: 'capacity' } as const };
    return this.turns.during(`${originalRunId()}:${step.id}:capacity`, want, run);
  }

  /** Reads the state before, and asks where it must. Undefined: this step does not act. */
  private async prepare(step: PlannedStep): Promise<OwedUndo | undefined> {
    this.log.update(step, { startedAtMs: now() });
    const request = { violation: this.input.violation, step };
    let ready =
      readyAhead(this.input.ready, step, now()) ??
      (await this.control.interruptibly(() => prepareStep(request)));
    if (ready.kind === 'ready' && step.autonomy !== 'auto') {
      if (step.autonomy !== 'approve') {
        ready = { kind: 'skip', why: `autonomy is ${step.autonomy}; it would have: ${ready.line}` };
      } else if (await this.approval.isGiven(step, ready.line)) {
        // The fleet may have changed while a person made up their mind.
        ready = await this.control.interruptibly(() => prepareStep(request));
      } else {
        return undefined;
      }
    }
    if (ready.kind !== 'ready') {
      const state = ready.kind === 'skip' ? 'skipped' : 'refused';
      this.log.update(step, { state, line: ready.why, endedAtMs: now() });
      this.log.note(state, `${step.action}: ${ready.why}`);
      return undefined;
    }
    this.log.update(step, { state: 'applying', line: ready.line });
    this.log.note('try', `${step.action}: ${ready.line}`);
    const { before, desired, undoLine, ramp = [] } = ready;
    return { step, before, desired, undoLine, ramp };
  }

  private async apply(step: PlannedStep, prepared: OwedUndo): Promise<boolean> {
    const news = this.log.takeNews();
    try {
      const operationId = this.operationId(step);
      const text = await this.control.interruptibly(() =>
        applyStepOf(step)({ step, prepared, operationId, news }),
      );
      this.log.update(step, { state: 'settling', line: text });
      this.log.tell('changed', `${step.action}: ${text}`);
      return true;
    } catch (error) {
      // It may have ended before it delivered them.
      this.log.tellAgain(news);
      if (isCancellation(error)) throw error;
      // It may have taken effect before it failed: what it owes is undone now.
      const why = messageOf(error);
      this.log.update(step, { state: 'failed', line: why, endedAtMs: now() });
      this.log.tell('failed', `${step.action}: ${why}`);
      await this.undoStep(step, 'the step failed');
      return false;
    }
  }

  private async verify(step: PlannedStep): Promise<boolean> {
    const { verification } = this.input.plan;
    const sinceMs = now() + step.settleMs;
    const verdict: Verdict = await this.control.interruptibly(async () => {
      await sleep(step.settleMs);
      this.log.update(step, { state: 'verifying' });
      return verifyStep({ verification, sinceMs, untilMs: sinceMs + verification.timeoutMs });
    });
    const { metric, rule } = verification;
    const after = verdict.kind === 'undecided' ? undefined : verdict.median;
    this.log.update(step, { state: verdict.kind, before: rule.before, after, endedAtMs: now() });
    const figures =
      verdict.kind === 'undecided'
        ? verdict.why
        : `${metric} ${rule.before.toPrecision(4)} → ${verdict.median.toPrecision(4)} (limit ${rule.limit.toPrecision(4)})`;
    const isRecovered = verdict.kind === 'recovered';
    if (isRecovered) this.log.beginEnd();
    this.log.tell(isRecovered ? 'verified' : verdict.kind, `${step.action}: ${figures}`);
    if (verdict.kind === 'worse') await this.undoStep(step, 'it made things worse');
    return isRecovered;
  }

  /** Undoes that step alone, at once; what cannot be undone stays owed for the rollback. */
  private async undoStep(step: PlannedStep, why: string): Promise<void> {
    const { owed } = this.log;
    const mine = owed.list.find((one) => one.step.id === step.id);
    if (mine === undefined) return;
    const result = await owed.undo(mine, this.operationId(step));
    if (result.kind === 'failed') {
      const line = `${step.action}: ${result.why}; it is tried again in the rollback`;
      this.log.tell('undo-failed', line);
      return;
    }
    owed.forget(mine);
    this.log.tell('undone', `${step.action}: ${result.text}; ${why}`);
  }

  private auditOf(ask: Ask, detail: string): readonly AuditRecord[] {
    this.operations += 1;
    return auditOf(ask, workflowInfo().workflowId, { isRefused: false, detail }, this.operations);
  }

  /** Unique for each intended effect of this run: asked twice, it happens once. */
  private operationId(step: PlannedStep): string {
    this.operations += 1;
    return `${workflowInfo().runId}:${step.id}:${this.operations}`;
  }
}
