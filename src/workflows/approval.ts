import type { PlannedStep, RecoveryPlan } from './messages.js';
import { whoOf, type Ask, type OperatorControl } from './operator-control.js';
import type { RecoveryLog } from './recovery-log.js';

const now = () => Date.now();

/** A recovery's questions to people: asked with a deadline, and with what happens when nobody answers. */
export class Approval {
  constructor(
    private readonly plan: RecoveryPlan,
    private readonly control: OperatorControl,
    private readonly log: RecoveryLog,
    private readonly operate: (ask: Ask) => void,
  ) {}

  /** Whether that step may act: a person said so, or the configuration does for want of an answer. */
  async isGiven(step: PlannedStep, line: string): Promise<boolean> {
    const { approvalTimeoutMs, onApprovalTimeout } = this.plan;
    this.log.update(step, { state: 'awaiting-approval', line });
    const answer = await this.ask('step', step, line, onApprovalTimeout);
    if (answer?.action === 'approve') return true;
    if (answer === undefined && onApprovalTimeout === 'approve') {
      this.log.tell('approval', `${step.action}: nobody answered; it goes on, as configured`);
      return true;
    }
    this.control.takeSkip();
    const reason = answer?.reason === undefined ? '' : `: ${answer.reason}`;
    const why =
      answer === undefined
        ? `nobody answered within ${approvalTimeoutMs / 1000} s`
        : `${answer.action} by ${whoOf(answer)}${reason}`;
    this.log.update(step, { state: 'skipped', line: `not approved: ${why}`, endedAtMs: now() });
    this.log.tell('skipped', `${step.action}: not approved: ${why}`);
    if (answer === undefined && onApprovalTimeout === 'rollback') {
      this.operate({ action: 'abort', by: 'the approval’s timeout' });
    }
    return false;
  }

  /** Asks a person; undefined when nobody answered in time. */
  async ask(
    kind: 'step' | 'rollback',
    step: PlannedStep,
    line: string,
    onTimeout: string,
    timeoutMs: number = this.plan.approvalTimeoutMs,
  ): Promise<Ask | undefined> {
    const untilMs = now() + timeoutMs;
    const request = { kind, stepId: step.id, line, untilMs, onTimeout };
    const asking = this.control.ask(request, now);
    this.log.waiting = request;
    this.log.state = 'awaiting-approval';
    const what = kind === 'step' ? step.action : 'the rollback';
    this.log.tell('approval', `${what} waits for approval: ${line}`);
    const answer = await asking;
    this.log.waiting = undefined;
    // Paused while it waited, it is paused still: else nobody could resume it.
    this.log.state = this.control.paused ? 'paused' : 'recovering';
    return answer;
  }
}
