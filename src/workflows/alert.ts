import {
  CancellationScope,
  condition,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type AlertKind, type AlertState } from '../domain/monitor/alert-record.js';
import {
  dedupKeyOf,
  hasFailed,
  labelsOf,
  type AlertEvent,
  type AlertSnapshot,
  type Paged,
} from '../domain/monitor/alert.js';
import type { AlertSubject, OpenAlert } from '../domain/monitor/alert-book.js';
import { alertNotification } from '../domain/monitor/alert-notification.js';
import {
  alertText,
  joinedText,
  notificationKind,
  type AlertText,
} from '../domain/monitor/alert-text.js';
import {
  AT_THE_FOOT,
  channelsUpTo,
  climb,
  nextRung,
  type Ladder,
} from '../domain/monitor/escalation.js';
import type { Judgement } from '../domain/monitor/judge-alert.js';
import { severityRank, type Severity } from '../domain/sla/severity.js';
import { utcText } from '../domain/utc-time.js';
import type { Notification, NotificationKind } from '../domain/notification.js';
import type { Alerting } from '../activities/contract.js';
import { alertEventsSignal, pagedSignal, type AlertInput } from './alert-messages.js';
import { Outbox } from './deliver.js';
import { wakeSignal } from './monitor-messages.js';
import {
  alertSettings,
  hasIncidentEnded,
  judgeAlert,
  recordAlert,
  recordDelivery,
} from './proxies.js';

/** An incident that was ended from outside says nothing any more: it is looked for this often. */
const LOOK_EVERY_MS = 6 * 3_600_000;

/**
 * The alerts of one incident, from its opening until it is over: decides with the monitor what is
 * told, sends it to each channel apart, and climbs the ladder until somebody acknowledges.
 */
export async function alert(input: AlertInput): Promise<void> {
  const run = new IncidentAlerts(input);
  // People are told, whoever cancels.
  await CancellationScope.nonCancellable(() => run.live());
}

class IncidentAlerts {
  private readonly events: AlertEvent[] = [];
  private readonly outbox = new Outbox();
  private readonly recording: Promise<void>[] = [];
  private readonly told = new Set<string>();
  private snapshot: AlertSnapshot;
  private ladder: Ladder = AT_THE_FOOT;
  private isPaged = false;
  private isWoken = false;
  private isOver = false;
  /** An end that is still to be told. */
  private end: AlertEvent | undefined;
  private recheckAtMs: number | undefined;
  private sequence = 0;
  /** The last page of others that was heard of. */
  private pagedAs = '';
  /** Of the first page: the other side knows the incident by it. */
  private dedupKey: string;

  constructor(private readonly input: AlertInput) {
    const { snapshot, paged } = input;
    this.snapshot = snapshot;
    this.dedupKey = dedupKeyOf(snapshot.incidentId, snapshot.violation);
    if (paged === undefined) {
      this.events.push({ kind: 'violation', key: '', atMs: Date.now(), snapshot });
    } else this.pagedElsewhere(paged);
    setHandler(alertEventsSignal, (events) => void this.events.push(...events), {
      description: 'Stages of the incident',
    });
    setHandler(wakeSignal, () => void (this.isWoken = true), {
      description: 'What muted it may be over',
    });
    setHandler(pagedSignal, (given) => this.pagedElsewhere(given), {
      description: 'People were told while Temporal was away',
    });
  }

  async live(): Promise<void> {
    const settings = await alertSettings();
    for (;;) {
      const event = this.events.shift() ?? (await this.nextByTime(settings));
      if (event === undefined) continue;
      await this.take(event, settings);
      if (this.isOver && this.events.length === 0) break;
    }
    await this.outbox.idle();
    await Promise.all(this.recording);
  }

  /** Waits for news, or for what is due: undefined when it was neither. */
  private async nextByTime(settings: Alerting): Promise<AlertEvent | undefined> {
    const rung = nextRung(this.ladder, settings.escalation);
    const isRecheck = !this.isPaged || this.end !== undefined;
    const recheckAtMs = isRecheck ? this.recheckAtMs : undefined;
    const times = [rung?.atMs, recheckAtMs, Date.now() + LOOK_EVERY_MS];
    const dueMs = Math.min(...times.filter((at) => at !== undefined));
    const isNews = () => this.events.length > 0 || (this.isWoken && isRecheck);
    await condition(isNews, Math.max(1, dueMs - Date.now()));
    if (this.events.length > 0) return undefined;
    const { snapshot } = this;
    const isDue = (atMs: number | undefined) => atMs !== undefined && atMs <= Date.now();
    if (isRecheck && (this.isWoken || isDue(recheckAtMs))) {
      this.isWoken = false;
      return this.end ?? { kind: 'violation', key: '', atMs: Date.now(), snapshot };
    }
    if (rung !== undefined && isDue(rung.atMs)) {
      this.ladder = { ...this.ladder, level: rung.level };
      const key = `level ${rung.level + 1}`;
      return { kind: 'unacknowledged', key, atMs: Date.now(), snapshot };
    }
    const { incidentId, runId } = snapshot;
    if (!(await hasIncidentEnded({ incidentId, runId })) || this.events.length > 0)
      return undefined;
    log.warn('the incident was ended from outside', { incidentId });
    return { kind: 'resolved', key: 'ended from outside', atMs: Date.now(), snapshot };
  }

  private async take(event: AlertEvent, settings: Alerting): Promise<void> {
    const { kind } = event;
    this.snapshot = event.snapshot;
    const { severity } = event.snapshot.violation;
    if (kind === 'severity' && this.isToldElsewhere(severity)) return;
    const subject = this.subject();
    const ask = { subject, kind, key: event.key, isPaged: this.isPaged, policy: settings.policy };
    const judgement = await judgeAlert(ask).catch((error: unknown) => failOpen(error));
    this.recheckAtMs = judgement.recheckAtMs;
    if (kind === 'acknowledged') this.ladder = { ...this.ladder, isAcknowledged: true };
    if (judgement.state === 'sent') this.send(event, settings, judgement);
    else {
      const text = this.text(kind);
      this.record(this.nextId(), kind, text, judgement);
      if (judgement.under !== undefined && judgement.joined.length > 0) {
        this.tellLeader(judgement.under, judgement.joined, settings);
      }
    }
    if (kind !== 'resolved') return;
    // Suppressed by maintenance, it is told at its end to those who know that it is open.
    this.end =
      judgement.state !== 'sent' && judgement.recheckAtMs !== undefined ? event : undefined;
    this.isOver = this.end === undefined;
  }

  /** Whether the detector said so while Temporal was away. */
  private isToldElsewhere(severity: Severity): boolean {
    return this.pagedAs !== '' && severityRank(severity) <= severityRank(this.ladder.severity);
  }

  private send(event: AlertEvent, settings: Alerting, judgement: Judgement): void {
    const { kind } = event;
    const { escalation } = settings;
    const { severity } = this.snapshot.violation;
    const isEnd = kind === 'resolved' || kind === 'acknowledged';
    if (!isEnd) {
      const what = { kind, severity, hasFailed: hasFailed(this.snapshot.outcome) };
      this.ladder = climb(this.ladder, what, escalation, Date.now());
      for (const name of channelsUpTo(this.ladder.level, escalation.levels)) this.told.add(name);
    }
    const id = this.nextId();
    const text = this.text(kind);
    const type = notificationKind(kind, this.isPaged);
    this.isPaged = true;
    this.record(id, kind, text, judgement);
    const notification = this.notification(id, type, text, settings);
    for (const channel of this.told) void this.outbox.send(channel, notification);
    setCurrentDetails(`**${text.title}**\n\n${text.text}\n\nTold: ${[...this.told].join(', ')}`);
  }

  /** One message in the conversation of the page that this one joined, for all who joined. */
  private tellLeader(leader: OpenAlert, joined: readonly OpenAlert[], settings: Alerting): void {
    const text = joinedText(leader.labels.service, joined);
    const own = this.notification(this.nextId(), 'update', text, settings);
    const { dedupKey, incidentId } = leader;
    const notification = { ...own, dedupKey, threadKey: dedupKey, incidentId };
    for (const channel of channelsUpTo(0, settings.escalation.levels)) {
      void this.outbox.send(channel, notification);
    }
  }

  private notification(
    id: string,
    kind: NotificationKind,
    text: AlertText,
    { publicUrl }: Alerting,
  ): Notification {
    const { dedupKey, snapshot } = this;
    const { uiBase } = this.input;
    return alertNotification({
      ...{ id, kind, text, snapshot, dedupKey, publicUrl, uiBase },
      atMs: Date.now(),
    });
  }

  private text(kind: AlertKind): AlertText {
    const { snapshot, ladder } = this;
    return alertText({ kind, snapshot, nowMs: Date.now(), level: Math.max(0, ladder.level) });
  }

  private record(
    id: string,
    kind: AlertKind,
    { title, text }: AlertText,
    { state, why }: { readonly state: AlertState; readonly why: string },
  ): void {
    const { incidentId, runId, violation, acknowledgedBy } = this.snapshot;
    const { service, replica, severity } = violation;
    log.info(title, { story: 'alert', incident: incidentId, kind, state, why });
    const record = {
      ...{ id, incidentId, runId, service, replica, kind, severity, title, text, state, why },
      ...{ atMs: Date.now(), escalationLevel: Math.max(0, this.ladder.level), acknowledgedBy },
      revision: 1,
    };
    this.recording.push(
      recordAlert(record).catch((error: unknown) =>
        log.error('an alert could not be archived', { id, reason: String(error) }),
      ),
    );
  }

  /** Told again while it is on its way to us: the second telling is no news. */
  private pagedElsewhere(paged: Paged): void {
    const { atMs, channels, dedupKey, deliveries = [] } = paged;
    const text = JSON.stringify(paged);
    if (text === this.pagedAs) return;
    this.pagedAs = text;
    const severity = paged.severity ?? this.snapshot.violation.severity;
    this.isPaged = true;
    this.dedupKey = dedupKey;
    for (const channel of channels) this.told.add(channel);
    const level = Math.max(0, this.ladder.level, paged.level ?? 0);
    const pagedAtMs = this.ladder.pagedAtMs ?? atMs;
    this.ladder = { ...this.ladder, level, pagedAtMs, severity };
    // In the archive like any other alert, with what arrived: people look there for who was told.
    const why = `told by the detector at ${utcText(atMs)} while Temporal was away`;
    // Deliveries are found by the id of what was delivered.
    const id = deliveries[0]?.notificationId ?? this.nextId();
    this.record(id, 'violation', this.text('violation'), { state: 'sent', why });
    for (const delivery of deliveries) this.recording.push(recordDelivery(delivery));
  }

  private nextId(): string {
    this.sequence += 1;
    return `${workflowInfo().workflowId}:${this.sequence}`;
  }

  private subject(): AlertSubject {
    const { incidentId, runId, openedAtMs, violation } = this.snapshot;
    return {
      ...{ incidentId, runId, openedAtMs, alertId: workflowInfo().workflowId },
      ...{ labels: labelsOf(violation), severity: violation.severity, dedupKey: this.dedupKey },
    };
  }
}

/** A monitor that can't be asked must not keep anybody asleep. */
function failOpen(error: unknown): Judgement {
  log.warn('the monitor could not be asked: the alert is sent', { reason: String(error) });
  return {
    ...{ state: 'sent', why: 'the monitor could not be asked', mode: 'normal' },
    ...{ recheckAtMs: undefined, under: undefined, joined: [] },
  };
}
