import { sleep } from '@temporalio/workflow';
import { conditionText } from '../domain/recovery/condition.js';
import type { Gate } from '../domain/recovery/procedure.js';
import type { Approval } from './approval.js';
import type { PlannedStep } from './messages.js';
import { whoOf, type OperatorControl } from './operator-control.js';
import { awaitCondition } from './proxies.js';
import type { RecoveryLog } from './recovery-log.js';

const now = () => Date.now();

/** What a step's gates came to: it goes on, the step is left out, or the procedure's steps end. */
export type Passage =
  { readonly kind: 'pass' } | { readonly kind: 'skip' | 'stop'; readonly why: string };

const PASS: Passage = { kind: 'pass' };

/** What stands before a step: passed in order, each told. An abort or a skip interrupts all of them. */
export class Gates {
  constructor(
    private readonly control: OperatorControl,
    private readonly log: RecoveryLog,
    private readonly approval: Approval,
  ) {}

  async pass(step: PlannedStep): Promise<Passage> {
    for (const gate of step.gates ?? []) {
      const passage = await this.passOne(step, gate);
      if (passage.kind !== 'pass') return passage;
    }
    return PASS;
  }

  private async passOne(step: PlannedStep, gate: Gate): Promise<Passage> {
    switch (gate.kind) {
      case 'wait':
        this.log.tell('gate', `before ${step.action}: waiting ${gate.forMs / 1000} s`);
        await this.control.interruptibly(() => sleep(gate.forMs));
        return PASS;
      case 'require':
        return this.require(step, gate);
      case 'ask':
        return this.ask(step, gate);
    }
  }

  private async require(
    step: PlannedStep,
    { condition, withinMs, otherwise }: Extract<Gate, { kind: 'require' }>,
  ): Promise<Passage> {
    const untilMs = now() + withinMs;
    const { unmet } = await this.control.interruptibly(() =>
      awaitCondition({ condition, target: step.target, untilMs }),
    );
    if (unmet !== undefined) return { kind: otherwise, why: `required ${unmet}` };
    this.log.tell('gate', `before ${step.action}: ${conditionText(condition)} holds`);
    return PASS;
  }

  private async ask(
    step: PlannedStep,
    { question, timeoutMs, onTimeout }: Extract<Gate, { kind: 'ask' }>,
  ): Promise<Passage> {
    this.log.update(step, { state: 'awaiting-approval', line: question });
    const answer = await this.approval.ask('step', step, question, onTimeout, timeoutMs);
    this.control.takeSkip();
    if (answer?.action === 'approve') return PASS;
    if (answer === undefined) {
      const why = `nobody answered “${question}” within ${timeoutMs / 1000} s`;
      if (onTimeout !== 'proceed') return { kind: onTimeout, why };
      this.log.tell('approval', `${why}; it goes on, as configured`);
      return PASS;
    }
    const reason = answer.reason === undefined ? '' : `: ${answer.reason}`;
    const why = `“${question}”: ${answer.action} by ${whoOf(answer)}${reason}`;
    // A no leaves the step out; only where silence would stop the procedure does a no stop it too.
    return { kind: onTimeout === 'stop' && answer.action === 'deny' ? 'stop' : 'skip', why };
  }
}
