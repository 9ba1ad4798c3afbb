import { CancellationScope, log, sleep, workflowInfo } from '@temporalio/workflow';
import { AlertFeed } from './alert-feed.js';
import { describeIncident } from './details.js';
import { incidentRecordOf } from './incident-record.js';
import type { AuditRecord } from '../domain/archive.js';
import type { Paged } from '../domain/monitor/alert.js';
import { ATTRIBUTES, attributesOf, type IncidentInput, type IncidentView } from './messages.js';
import { isReset, originalRunId } from './original-run.js';
import { record } from './proxies.js';
import { Showcase } from './showcase.js';

/** Lines kept in the workflow's own state; the archive has all of them. */
const LINES_KEPT = 60;
/** The first action is under way by then, or something holds it up that people should know of. */
const SHOWN_WITHIN_MS = 1_000;

/**
 * What people see of an incident: its view, its search attributes and details in Temporal's UI, its
 * story in the log, its record in the archive. Writing is coalesced, and nothing waits for it.
 */
export class IncidentLog {
  private current: IncidentView;
  private readonly alerts: AlertFeed;
  private revision = 0;
  private sequence = 0;
  private unwritten: { sequence: number; atMs: number; stage: string; text: string }[] = [];
  private unaudited: AuditRecord[] = [];
  private writing: Promise<void> | undefined;
  private isHeld = true;
  private readonly showcase: Showcase;

  constructor(private readonly input: IncidentInput) {
    const { workflowId } = workflowInfo();
    this.alerts = new AlertFeed(input.uiBase);
    this.showcase = new Showcase({ isHeld: true });
    this.current = {
      id: workflowId,
      runId: originalRunId(),
      state: 'open',
      outcome: undefined,
      violation: input.violation,
      openedAtMs: Date.now(),
      resolvedAtMs: undefined,
      procedure: undefined,
      why: undefined,
      steps: [],
      owed: [],
      waiting: undefined,
      acknowledgedBy: undefined,
      probableCause: undefined,
      timeline: [],
    };
  }

  get view(): IncidentView {
    return this.current;
  }

  /** `onLate` is called when a second has gone by, whatever has happened since. */
  open(onLate: () => void): void {
    const { service, replica, severity } = this.input.violation;
    const { metric, value, limit, unit, direction } = this.input.violation;
    this.tell(
      'violation',
      `${metric} of ${replica ?? service} is ${value.toPrecision(4)} ${unit}, ${direction === 'upper' ? 'above' : 'below'} its limit of ${limit.toPrecision(4)} (${severity})`,
    );
    if (this.input.evidence !== undefined) this.tell('evidence', this.input.evidence);
    this.showcase.set(attributesOf(this.input.violation));
    void this.showLater(onLate);
  }

  /**
   * Nothing on the way to the first action may take longer than people can go untold. The timer is
   * never cancelled: where planning outlasts a workflow task, its start is in the history, while a
   * replay would start and cancel it in one task, and leave neither.
   */
  private async showLater(onLate: () => void): Promise<void> {
    await sleep(SHOWN_WITHIN_MS);
    this.letWrite();
    onLate();
  }

  /** Changes the view; shown at the next line, and written. */
  set(change: Partial<IncidentView>): void {
    const before = this.current;
    this.current = { ...before, ...change };
    this.show();
    this.alerts.changed(before, this.current);
    this.write();
  }

  /** People were told of it while Temporal was away: they are not told again. */
  pagedElsewhere(paged: Paged): void {
    this.alerts.paged(this.current.runId, paged);
  }

  /** A line of the story: for the log as well as for the incident's own timeline. */
  tell(stage: string, text: string): void {
    log.info(text, { story: stage, incident: this.current.id });
    this.note(stage, text);
  }

  /** A line of the timeline that was logged elsewhere. */
  note(stage: string, text: string, atMs = Date.now()): void {
    this.sequence = this.after(this.sequence);
    const line = { sequence: this.sequence, atMs, stage, text };
    this.unwritten.push(line);
    const timeline = [...this.current.timeline, line].slice(-LINES_KEPT);
    this.current = { ...this.current, timeline };
    this.showcase.tell(() => describeIncident(this.current));
    this.write();
  }

  /** Lines of the audit, however the order came in; written with the next change or line of the story. */
  audit(records: readonly AuditRecord[]): void {
    this.unaudited.push(...records);
  }

  /** The last word, written before the workflow ends. */
  async close(resolvedAtMs: number): Promise<void> {
    const { outcome, procedure } = this.current;
    this.set({ state: 'resolved', resolvedAtMs });
    const how = procedure === undefined ? 'no procedure ran' : `${procedure} ${outcome ?? ''}`;
    this.tell('closed', `the violation is gone; ${how}`);
    await this.alerts.told();
    while (this.writing !== undefined) await this.writing;
  }

  /**
   * Lets go what others see of it: alerts, the archive, Temporal's UI. Until then all of that waits, as
   * it would take the worker's time from the first action, which is some 100 ms away.
   */
  letWrite(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.showcase.letGo();
    this.alerts.open(this.current, this.input.paged);
    this.write();
  }

  /** Its search attributes. */
  private show(): void {
    const { state, outcome, procedure, waiting, violation } = this.current;
    this.showcase.set([
      { key: ATTRIBUTES.stage, value: state },
      { key: ATTRIBUTES.awaitingApproval, value: waiting !== undefined },
      { key: ATTRIBUTES.severity, value: violation.severity },
      ...(outcome === undefined ? [] : [{ key: ATTRIBUTES.outcome, value: outcome }]),
      ...(procedure === undefined ? [] : [{ key: ATTRIBUTES.procedure, value: procedure }]),
    ]);
  }

  /** Counts on; after a reset beyond all that was written in the history that was cut off. */
  private after(count: number): number {
    return isReset() ? Math.max(count + 1, Date.now()) : count + 1;
  }

  /** One write at a time; what comes meanwhile goes with the next. */
  private write(): void {
    this.revision = this.after(this.revision);
    if (this.isHeld) return;
    // Also after a cancel request: handlers run in the workflow's own scope, which then sends nothing.
    this.writing ??= CancellationScope.nonCancellable(() => this.writeAll());
  }

  private async writeAll(): Promise<void> {
    let written = -1;
    while (written !== this.revision) {
      written = this.revision;
      const entries = this.unwritten.splice(0);
      const audit = this.unaudited.splice(0);
      const { id: incidentId, runId } = this.current;
      await record({
        incident: incidentRecordOf(this.current, written),
        timeline: entries.map((entry) => ({ ...entry, incidentId, runId })),
        audit,
      }).catch((error: unknown) => {
        // A day of retries went by: the history here still has every line.
        log.error('the incident could not be archived', { error: String(error) });
      });
    }
    // In the same turn as the last look at the revision, or a change in between would stay unwritten.
    this.writing = undefined;
  }
}
