import type { DeliveryRecord, DeliveryState } from './notification.js';
import type { AlertRecord } from './monitor/alert-record.js';
import type { Severity } from './sla/severity.js';
import type { ViolationType } from './sla/threshold.js';
import type { CallArchive } from './calls.js';
import type { Page } from './page.js';
import type { RcaArchive } from './rca-archive.js';

/** The states that people see an incident in. */
export const INCIDENT_STATES = [
  'open',
  'waiting',
  'recovering',
  'awaiting-approval',
  'paused',
  'rolling-back',
  'verifying',
  'mitigated',
  'releasing',
  'analysing',
  'escalated',
  'resolved',
] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Those of an incident that is not over. */
export const UNRESOLVED_STATES: readonly IncidentState[] = INCIDENT_STATES.filter(
  (state) => state !== 'resolved',
);

/** How a recovery ended; `none` where nothing was tried. */
export const OUTCOMES = [
  'recovered',
  'rolled-back',
  'rollback-incomplete',
  'refused',
  'aborted',
  'superseded',
  'none',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** An incident as people look it up later; `runId` tells the runs of one fingerprint apart. */
export interface IncidentRecord {
  /** The incident's workflow id. */
  readonly id: string;
  readonly runId: string;
  readonly state: IncidentState;
  readonly outcome: Outcome | undefined;
  readonly service: string;
  readonly replica: string | undefined;
  readonly threshold: string;
  readonly metric: string;
  readonly violationType: ViolationType;
  readonly severity: Severity;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly openedAtMs: number;
  readonly resolvedAtMs: number | undefined;
  readonly procedure: string | undefined;
  readonly probableCause: string | undefined;
  /** Grows with every write of a run: an older write that arrives late is dropped. */
  readonly revision: number;
}

/** One line of an incident's story. `(incidentId, runId, sequence)` is its key: written twice, it is there once. */
export interface TimelineEntry {
  readonly incidentId: string;
  readonly runId: string;
  readonly sequence: number;
  readonly atMs: number;
  /** A stage word: `violation`, `plan`, `action`, `verified`, `rolled-back`, `released`, `cause`, `closed`, … */
  readonly stage: string;
  readonly text: string;
}

/** Who did what, when, from where, and what came of it. Append-only; `key` makes a repeated write one line. */
export interface AuditRecord {
  readonly key: string;
  readonly atMs: number;
  readonly who: string;
  readonly from: string;
  readonly what: string;
  readonly target: string;
  readonly outcome: string;
  readonly detail: string;
}

/** A text captured before something was restarted: logs, metrics, engine state. */
export interface ForensicsRecord {
  readonly name: string;
  readonly text: string;
}

/**
 * What to forget: records that ended or were written before these instants (Unix ms). A kind left
 * undefined is kept for ever. Incidents that are not resolved stay, however old.
 */
export interface Retention {
  /** Resolved incidents with their timeline and forensics. */
  readonly incidentsBeforeMs?: number | undefined;
  /** Reports with their recommendations; told changes and drills. */
  readonly reportsBeforeMs?: number | undefined;
  readonly auditBeforeMs?: number | undefined;
  /** Deliveries of notifications. */
  readonly deliveriesBeforeMs?: number | undefined;
  /** Alerts, sent or not. */
  readonly alertsBeforeMs?: number | undefined;
  /** Calls with an idempotency key. */
  readonly callsBeforeMs?: number | undefined;
}

/** How many records a retention pass deleted. */
export interface Deleted {
  readonly incidents: number;
  readonly reports: number;
  readonly audit: number;
  readonly deliveries: number;
  readonly alerts: number;
  readonly calls: number;
}

/** Most records of one page; more are asked for with the cursor. */
export const MAX_PAGE = 1000;

export interface IncidentQuery {
  readonly states?: readonly IncidentState[] | undefined;
  readonly service?: string | undefined;
  readonly openedSinceMs?: number | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Which deliveries; fields left undefined match everything. */
export interface DeliveryQuery {
  readonly notificationIds?: readonly string[] | undefined;
  readonly incidentId?: string | undefined;
  readonly threadKey?: string | undefined;
  readonly channel?: string | undefined;
  readonly state?: DeliveryState | undefined;
  /** 1 to MAX_PAGE. */
  readonly limit: number;
}

/** Which alerts; fields left undefined match everything. */
export interface AlertQuery {
  readonly incidentId?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/**
 * What people look up later. Every write is idempotent, so that a retried activity leaves one record,
 * and durable once its promise is fulfilled.
 *
 * Errors are `AdapterError`s: `rejected` for what breaks a rule of its type (a number that is not
 * finite, a limit outside 1..MAX_PAGE, a cursor that no page returned), `unreachable` and `timeout`
 * for what may work later.
 */
export interface Archive extends RcaArchive, CallArchive {
  putIncident(record: IncidentRecord): Promise<void>;
  incidents(query: IncidentQuery): Promise<Page<IncidentRecord>>;
  /** The newest run of that id, or the given one; undefined when unknown. */
  incident(id: string, runId?: string): Promise<IncidentRecord | undefined>;
  putTimeline(entries: readonly TimelineEntry[]): Promise<void>;
  timeline(incidentId: string, runId: string): Promise<readonly TimelineEntry[]>;
  putAudit(record: AuditRecord): Promise<void>;
  audit(query: {
    limit: number;
    after?: string | undefined;
    target?: string | undefined;
  }): Promise<Page<AuditRecord>>;
  /** Writes an alert unless a later revision of it is there. */
  putAlert(record: AlertRecord): Promise<void>;
  /** Alerts, of one incident where given, newest first. */
  alerts(query: AlertQuery): Promise<Page<AlertRecord>>;
  /**
   * Writes how a delivery stands. One that was delivered stays so, and a write of fewer attempts than
   * are known is dropped: a late one changes nothing.
   */
  putDelivery(record: DeliveryRecord): Promise<void>;
  /** Oldest first. */
  deliveries(query: DeliveryQuery): Promise<readonly DeliveryRecord[]>;
  /**
   * Evidence captured before a restart: named texts of an incident's step. Of a text longer than 4 Mi
   * characters the end is kept, since a log's last lines matter most. The first write of a name stays.
   */
  putForensics(incidentId: string, runId: string, name: string, text: string): Promise<void>;
  /** All texts captured in that run, by name. */
  forensics(incidentId: string, runId: string): Promise<readonly ForensicsRecord[]>;
  /**
   * Figures over the records since an instant: for the summary endpoint and the own metrics. With
   * `sinceMs` 0, what retention deleted counts as well, so that totals never shrink.
   */
  statistics(sinceMs: number): Promise<ArchiveStatistics>;
  /** Forgets old records, in small transactions. */
  deleteOlderThan(retention: Retention): Promise<Deleted>;
  close(): Promise<void>;
}

export interface ArchiveStatistics {
  readonly incidentsOpened: number;
  readonly recoveriesByOutcome: Readonly<Partial<Record<Outcome, number>>>;
  readonly reports: number;
  /** Alerts that were sent; not those that were silenced, inhibited, grouped or suppressed. */
  readonly alertsSent: number;
  /** Incidents opened, by the severity they reached and their type; only combinations that occurred. */
  readonly violations: readonly {
    readonly severity: Severity;
    readonly violationType: ViolationType;
    readonly count: number;
  }[];
  /** Recoveries that ended, by procedure and outcome; only combinations that occurred. */
  readonly recoveries: readonly {
    readonly procedure: string;
    readonly outcome: Outcome;
    readonly count: number;
  }[];
}
