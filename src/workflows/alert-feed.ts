import { CancellationScope, log, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { AlertKind } from '../domain/monitor/alert-record.js';
import type { AlertEvent, AlertSnapshot, Paged } from '../domain/monitor/alert.js';
import { severityRank } from '../domain/sla/severity.js';
import { alert } from './alert.js';
import { alertEventsSignal, alertIdOf, pagedSignal } from './alert-messages.js';
import type { IncidentView } from './messages.js';
import { post } from './post.js';

/**
 * Tells the workflow that sends an incident's alerts what became of the incident: a signal for each
 * stage, whatever the number of channels. Nothing waits for it, and its loss stops no recovery.
 */
export class AlertFeed {
  private readonly pending: AlertEvent[] = [];
  private sending: Promise<void> | undefined;
  private isOpen = false;
  private pagedBefore: Paged | undefined;

  constructor(private readonly uiBase: string) {}

  /** Starts the alerts; the opening itself is the first of them. */
  open(view: IncidentView, paged: Paged | undefined): void {
    this.isOpen = true;
    this.run(async () => {
      await startChild(alert, {
        args: [
          { snapshot: snapshotOf(view), uiBase: this.uiBase, paged: this.pagedBefore ?? paged },
        ],
        workflowId: alertIdOf(view.runId),
        // What was begun is told to its end, whoever ends the incident.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Alerts of ${view.violation.metric} of ${view.violation.replica ?? view.violation.service}`,
      });
    });
    if (this.pending.length > 0) this.send(view.runId);
  }

  /** People were told while Temporal was away. */
  paged(runId: string, paged: Paged): void {
    if (!this.isOpen) {
      this.pagedBefore = paged;
      return;
    }
    this.run(() => post({ workflowId: alertIdOf(runId) }, pagedSignal, paged));
  }

  /** Compares two views, and tells what is worth an alert. */
  changed(before: IncidentView, after: IncidentView): void {
    const events = kindsOf(before, after).map(([kind, key]) => ({
      ...{ kind, key, atMs: Date.now(), snapshot: snapshotOf(after) },
    }));
    if (events.length === 0) return;
    this.pending.push(...events);
    if (this.isOpen) this.send(after.runId);
  }

  /** Resolves when everything was told. */
  async told(): Promise<void> {
    await this.sending;
  }

  private send(runId: string): void {
    this.run(async () => {
      // Several at once go together, and in order.
      const all = this.pending.splice(0);
      if (all.length > 0) await post({ workflowId: alertIdOf(runId) }, alertEventsSignal, all);
    });
  }

  private run(step: () => Promise<void>): void {
    const before = this.sending ?? Promise.resolve();
    // After a cancel request nothing else may be sent from the workflow's own scope.
    this.sending = CancellationScope.nonCancellable(async () => {
      await before;
      try {
        await step();
      } catch (error) {
        log.warn('the alerts of this incident could not be told', { reason: String(error) });
      }
    });
  }
}

/** What an alert says of an incident. */
export function snapshotOf(view: IncidentView): AlertSnapshot {
  const { id, runId, openedAtMs, violation, state, outcome, procedure, why } = view;
  const { waiting, acknowledgedBy, probableCause } = view;
  return {
    ...{ incidentId: id, runId, openedAtMs, violation, state, outcome, procedure, why },
    ...{ waiting, acknowledgedBy, probableCause },
    lastLine: view.timeline.at(-1)?.text ?? '',
    owed: view.owed.map(({ undoLine }) => undoLine).slice(0, 10),
  };
}

/** What changed between two views that is worth an alert, with what tells two of a kind apart. */
function kindsOf(before: IncidentView, after: IncidentView): [AlertKind, string][] {
  const kinds: [AlertKind, string][] = [];
  const { violation, waiting, outcome, state } = after;
  if (severityRank(violation.severity) > severityRank(before.violation.severity)) {
    kinds.push(['severity', violation.severity]);
  }
  if (waiting !== undefined && waiting.stepId !== before.waiting?.stepId) {
    kinds.push(['approval', waiting.stepId]);
  }
  if (outcome !== before.outcome) {
    if (outcome === 'rollback-incomplete') kinds.push(['rollback-incomplete', '']);
    else if (outcome === 'recovered' || outcome === 'rolled-back' || outcome === 'aborted') {
      kinds.push(['recovery', outcome]);
    }
  }
  const isNewlyEscalated = before.state !== 'escalated' || before.why !== after.why;
  // An incomplete rollback is an alert of its own kind.
  const isSaid = kinds.some(([kind]) => kind === 'rollback-incomplete');
  if (state === 'escalated' && isNewlyEscalated && !isSaid) kinds.push(['escalated', '']);
  if (after.acknowledgedBy !== undefined && after.acknowledgedBy !== before.acknowledgedBy) {
    kinds.push(['acknowledged', after.acknowledgedBy]);
  }
  if (after.probableCause !== before.probableCause) kinds.push(['rca', '']);
  if (state === 'resolved' && before.state !== 'resolved') kinds.push(['resolved', '']);
  return kinds;
}
