import type { SearchAttributePair } from '@temporalio/common';
import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { AuditRecord, IncidentState, Outcome } from '../domain/archive.js';
import { describeRecovery } from './details.js';
import type { Letter } from './letter-messages.js';
import {
  ATTRIBUTES,
  attributesOf,
  progressSignal,
  type ApprovalRequest,
  type PlannedStep,
  type RecoveryInput,
  type RecoveryProgress,
  type RecoveryResult,
  type StepReport,
  type StoryLine,
} from './messages.js';
import { OwedUndos } from './owed-undos.js';
import { letterTo, post, type Addressee } from './post.js';
import { deliver } from './proxies.js';
import { Showcase } from './showcase.js';

/** The search attributes that a recovery is started with. */
export function recoveryAttributes(
  violation: RecoveryInput['violation'],
  procedure: string,
): SearchAttributePair[] {
  return [
    ...attributesOf(violation),
    { key: ATTRIBUTES.procedure, value: procedure },
    { key: ATTRIBUTES.stage, value: 'recovering' },
    { key: ATTRIBUTES.awaitingApproval, value: false },
  ];
}

/** What a recovery did and owes, and how others see it: its incident, the log, Temporal's UI. */
export class RecoveryLog {
  readonly steps: StepReport[];
  readonly owed: OwedUndos;
  state: IncidentState = 'recovering';
  waiting: ApprovalRequest | undefined;
  private readonly untold: StoryLine[] = [];
  private readonly unaudited: AuditRecord[] = [];
  private telling: Promise<void> | undefined;
  private readonly toldAgain: Promise<void>[] = [];
  private sequence = 0;
  private isEnding = false;
  private readonly showcase: Showcase;

  constructor(private readonly input: RecoveryInput) {
    this.showcase = new Showcase();
    this.owed = new OwedUndos({ tell: (stage, text) => this.tell(stage, text) });
    this.steps = input.plan.steps.map(({ id, action, target }) => ({
      ...{ id, action, target, state: 'planned', line: '' },
      ...{ startedAtMs: undefined, endedAtMs: undefined, before: undefined, after: undefined },
    }));
  }

  /** Changes the report of a step; told with the next line. */
  update({ id }: Pick<PlannedStep, 'id'>, change: Partial<StepReport>): void {
    const index = this.steps.findIndex((report) => report.id === id);
    const report = this.steps[index];
    if (report !== undefined) this.steps[index] = { ...report, ...change };
  }

  progress(
    lines: readonly StoryLine[] = [],
    orders: readonly AuditRecord[] = [],
  ): RecoveryProgress {
    const { state, steps, owed, waiting } = this;
    return { state, steps, owed: owed.list, waiting, lines, orders };
  }

  /** Lines of the audit, written by the incident; told with the next line of the story. */
  audit(orders: readonly AuditRecord[]): void {
    this.unaudited.push(...orders);
  }

  /** Shows the plan in Temporal's UI; its incident told of it. */
  open(): void {
    this.showcase.tell(() => describeRecovery(this.input, this.progress(), this.input.plan.why));
  }

  /** Tells the log, Temporal's UI and the incident what happened; a lost incident stops no recovery. */
  tell(stage: string, text: string): void {
    this.note(stage, text);
    if (this.isEnding) return;
    // After a cancel request nothing else may be sent from the workflow's own scope.
    this.telling ??= CancellationScope.nonCancellable(() => this.tellIncident());
  }

  /** The same on the way to an action: the incident hears it with the action, or what is told next. */
  note(stage: string, text: string): void {
    log.info(text, { story: stage, incident: this.input.incidentId });
    this.showcase.tell(() => describeRecovery(this.input, this.progress(), text));
    this.showcase.set([
      { key: ATTRIBUTES.stage, value: this.state },
      { key: ATTRIBUTES.awaitingApproval, value: this.waiting !== undefined },
    ]);
    this.untold.push({ atMs: Date.now(), stage, text });
  }

  /** What the incident is yet to hear, for the activity that acts next to deliver before it does. */
  takeNews(): Letter {
    return letterTo(this.incident, progressSignal, this.untoldProgress());
  }

  /** Shows a search attribute that is set once, at the end. */
  mark(pair: SearchAttributePair): void {
    this.showcase.set([pair]);
  }

  /** From now on what happens goes with the result, and costs no signal of its own. */
  beginEnd(): void {
    this.isEnding = true;
  }

  /** Says how it ended; returns what the incident has not heard yet, when it has heard the rest. */
  async end(outcome: Outcome, detail: string): Promise<NonNullable<RecoveryResult['rest']>> {
    this.isEnding = true;
    this.mark({ key: ATTRIBUTES.outcome, value: outcome });
    this.tell(outcome, detail);
    // What is under way must not arrive after the result: it tells of an earlier state.
    while (this.telling !== undefined) await this.telling;
    await Promise.all(this.toldAgain);
    return { lines: this.untold.splice(0), orders: this.unaudited.splice(0) };
  }

  /** Tells what was taken, where whoever took it may not have come to it. */
  tellAgain(news: Letter): void {
    this.toldAgain.push(deliver(news).catch(() => undefined));
  }

  /** That run of it: a later incident of the same violation has nothing to do with this. */
  private get incident(): Addressee {
    const { parent } = workflowInfo();
    return parent ?? { workflowId: this.input.incidentId };
  }

  private untoldProgress(): RecoveryProgress {
    this.sequence += 1;
    const progress = this.progress(this.untold.splice(0), this.unaudited.splice(0));
    return { ...progress, sequence: this.sequence };
  }

  /** One at a time, so that they arrive in order. */
  private async tellIncident(): Promise<void> {
    while (this.untold.length > 0 && !this.isEnding) {
      await post(this.incident, progressSignal, this.untoldProgress()).catch(() => undefined);
    }
    // In the same turn as the last look, or a line told in between would wait for the next one.
    this.telling = undefined;
  }
}
