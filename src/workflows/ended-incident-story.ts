import { log } from '@temporalio/workflow';
import type { AuditRecord, TimelineEntry } from '../domain/archive.js';
import type { AlertEvent } from '../domain/monitor/alert.js';
import { snapshotOf } from './alert-feed.js';
import { alertEventsSignal, alertIdOf } from './alert-messages.js';
import { incidentRecordOf } from './incident-record.js';
import type { IncidentView } from './messages.js';
import { post } from './post.js';
import { record } from './proxies.js';
import type { EndedIncident, SettleResult } from './settle-messages.js';

/**
 * The last words on an incident that ended from outside, which can't say them itself: its state and lines
 * in the archive, the audit's line for whoever ended it, and the end of its alerts.
 */
export class EndedIncidentStory {
  private view: IncidentView;
  private lines: TimelineEntry[] = [];
  private sequence: number;
  private revision = Date.now();
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly ended: EndedIncident) {
    const { id: incidentId, runId, timeline } = ended.view;
    this.view = ended.view;
    this.sequence = timeline.at(-1)?.sequence ?? 0;
    // Those that were not written yet are only here; those that were are not written twice.
    this.lines = timeline.map((line) => ({ incidentId, runId, ...line }));
  }

  /** Says how it ended, and that what it owes is being undone; that doesn't wait for the archive. */
  begin(owedCount: number): void {
    const { reason, atMs } = this.ended.end;
    this.tell('ended', reason === '' ? this.how : `${this.how}: ${reason}`, atMs);
    this.view = { ...this.view, waiting: undefined };
    if (owedCount > 0) this.view = { ...this.view, state: 'rolling-back' };
    this.write(this.audit());
  }

  /** Closes it. Nothing in it goes on; a violation that does is the next incident's. */
  async end({ undone, left }: SettleResult): Promise<void> {
    for (const text of undone) this.tell('rolled-back', text);
    for (const text of left) this.tell('escalated', `a person must: ${text}`);
    const { outcome } = this.view;
    const isAsItWas = outcome !== undefined && undone.length === 0;
    this.view = { ...this.view, state: 'resolved', resolvedAtMs: this.ended.end.atMs };
    if (left.length > 0) this.view = { ...this.view, outcome: 'rollback-incomplete' };
    else if (!isAsItWas) this.view = { ...this.view, outcome: 'aborted' };
    this.tell('closed', `${this.ended.end.kind} from outside; nothing acts for it any more`);
    this.write([]);
    await this.tellPeople(left);
    await this.writing;
  }

  /** In words, with whom it was. */
  private get how(): string {
    const { kind, by } = this.ended.end;
    return by === '' ? kind : `${kind} by ${by}`;
  }

  private tell(stage: string, text: string, atMs = Date.now()): void {
    const { id: incidentId, runId } = this.view;
    this.sequence += 1;
    this.lines.push({ incidentId, runId, sequence: this.sequence, atMs, stage, text });
  }

  private write(audit: readonly AuditRecord[]): void {
    // Beyond any that the incident itself has written: it counts from 1.
    const incident = incidentRecordOf(this.view, (this.revision += 1));
    const timeline = this.lines;
    this.lines = [];
    this.writing = this.writing
      .then(() => record({ incident, timeline, audit }))
      .catch((error: unknown) => {
        // A day of retries went by.
        log.error('the end of the incident could not be archived', { error: String(error) });
      });
  }

  /** To terminate is an order like any other. */
  private audit(): readonly AuditRecord[] {
    const { kind, by, reason, atMs } = this.ended.end;
    if (kind !== 'terminated') return [];
    const { id, runId } = this.view;
    const what = { what: 'terminate', target: id, outcome: 'accepted', detail: reason };
    return [{ key: `${runId}:ended`, atMs, who: by, from: 'temporal', ...what }];
  }

  /** A page that a person has to act on stays open; another is closed. */
  private async tellPeople(left: readonly string[]): Promise<void> {
    const rest =
      left.length === 0 ? 'what it had changed is undone' : `a person must: ${left.join('; ')}`;
    const why = `it ${this.ended.end.kind === 'terminated' ? 'was ' : ''}${this.how}; ${rest}`;
    const snapshot = snapshotOf({ ...this.view, state: 'escalated', why, owed: [] });
    const kind = left.length === 0 ? 'resolved' : 'rollback-incomplete';
    const event: AlertEvent = { kind, key: 'ended from outside', atMs: Date.now(), snapshot };
    const alerts = { workflowId: alertIdOf(this.view.runId) };
    // They may have ended as well: then there is nobody left to be told.
    await post(alerts, alertEventsSignal, [event]).catch(() => undefined);
  }
}
