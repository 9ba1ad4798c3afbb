import {
  ParentClosePolicy,
  setHandler,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { Outcome } from '../domain/archive.js';
import type { IncidentLog } from './incident-log.js';
import { causeSignal, RCA_QUEUE, recoveryEndedSignal } from './rca-messages.js';
import { post } from './post.js';
import { messageOf } from './rollback.js';
import { rootCauseAnalysis } from './root-cause-analysis.js';

/**
 * The analysis of an incident's cause, from its opening on. It never delays or undoes a recovery: it
 * runs beside the rest, and its failure is only a line.
 */
export class IncidentAnalysis {
  private running: Promise<void> | undefined;
  private end: { readonly outcome: Outcome } | undefined;
  private child: ChildWorkflowHandle<typeof rootCauseAnalysis> | undefined;

  constructor(private readonly log: IncidentLog) {
    setHandler(causeSignal, ({ probableCause }) => this.tell(probableCause));
  }

  /** Has the evidence taken, and a first report made. */
  start(): void {
    this.running ??= this.run();
  }

  /** What the recovery changed is evidence too: with it the report is made anew. */
  recoveryEnded(outcome: Outcome): void {
    if (this.end !== undefined) return;
    this.end = { outcome };
    if (this.child !== undefined) void this.sendEnd(this.child);
  }

  /** Resolves when the report is there, or won't be; after `recoveryEnded`. */
  async done(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    const { id, runId, violation, openedAtMs } = this.log.view;
    try {
      this.child = await startChild(rootCauseAnalysis, {
        args: [{ incidentId: id, incidentRunId: runId, violation, openedAtMs }],
        workflowId: `rca:${runId}`,
        taskQueue: RCA_QUEUE,
        // Should the incident be ended from outside, the report is made from what there is.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `Why ${violation.metric} of ${violation.replica ?? violation.service}`,
      });
      if (this.end !== undefined) await this.sendEnd(this.child);
      const { probableCause } = await this.child.result();
      this.tell(probableCause);
    } catch (error) {
      this.log.tell('cause', `undetermined: the analysis failed (${messageOf(error)})`);
    }
  }

  private async sendEnd(child: ChildWorkflowHandle<typeof rootCauseAnalysis>): Promise<void> {
    const { steps } = this.log.view;
    const outcome = this.end?.outcome ?? 'none';
    // An analysis that has ended says so by its result.
    const { workflowId, firstExecutionRunId: runId } = child;
    await post({ workflowId, runId }, recoveryEndedSignal, { steps, outcome }).catch(
      () => undefined,
    );
  }

  /** Said once: the last word is mostly the first. */
  private tell(probableCause: string): void {
    if (this.log.view.probableCause === probableCause) return;
    this.log.set({ probableCause });
    this.log.tell('cause', probableCause);
  }
}
