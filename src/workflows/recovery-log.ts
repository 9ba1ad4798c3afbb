import {
  CancellationScope,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { AuditRecord, IncidentState, Outcome } from '../domain/archive.js';
import { describeRecovery } from './details.js';
import {
  ATTRIBUTES,
  progressSignal,
  type ApprovalRequest,
  type OwedUndo,
  type PlannedStep,
  type RecoveryInput,
  type RecoveryProgress,
  type StepReport,
  type StoryLine,
} from './messages.js';

/** What a recovery did and owes, and how others see it: its incident, the log, Temporal's UI. */
export class RecoveryLog {
  readonly steps: StepReport[];
  /** Undos owed, oldest first. */
  readonly owed: OwedUndo[] = [];
  state: IncidentState = 'recovering';
  waiting: ApprovalRequest | undefined;
  private readonly untold: StoryLine[] = [];
  private readonly unaudited: AuditRecord[] = [];
  private telling: Promise<void> | undefined;

  constructor(private readonly input: RecoveryInput) {
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
    return { state, steps, owed, waiting, lines, orders };
  }

  /** Lines of the audit, written by the incident; told with the next line of the story. */
  audit(orders: readonly AuditRecord[]): void {
    this.unaudited.push(...orders);
  }

  /** Tells the log, Temporal's UI and the incident what happened; a lost incident stops no recovery. */
  tell(stage: string, text: string): void {
    log.info(text, { story: stage, incident: this.input.incidentId });
    setCurrentDetails(describeRecovery(this.input, this.progress(), text));
    upsertSearchAttributes([
      { key: ATTRIBUTES.stage, value: this.state },
      { key: ATTRIBUTES.awaitingApproval, value: this.waiting !== undefined },
    ]);
    this.untold.push({ atMs: Date.now(), stage, text });
    // After a cancel request nothing else may be sent from the workflow's own scope.
    this.telling ??= CancellationScope.nonCancellable(() => this.tellIncident());
  }

  /** Says how it ended. */
  end(outcome: Outcome, detail: string): void {
    upsertSearchAttributes([{ key: ATTRIBUTES.outcome, value: outcome }]);
    this.tell(outcome, detail);
  }

  /** Resolves when the incident has heard everything. */
  async told(): Promise<void> {
    while (this.telling !== undefined) await this.telling;
  }

  /** One signal at a time: the server delivers several that are under way in any order. */
  private async tellIncident(): Promise<void> {
    const incident = getExternalWorkflowHandle(this.input.incidentId);
    while (this.untold.length > 0) {
      const lines = this.untold.splice(0);
      const progress = this.progress(lines, this.unaudited.splice(0));
      await incident.signal(progressSignal, progress).catch(() => undefined);
    }
    // In the same turn as the last look, or a line told in between would wait for the next one.
    this.telling = undefined;
  }
}
