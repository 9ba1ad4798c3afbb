import type { IncidentState, Outcome } from '../archive.js';
import type { Severity } from '../sla/severity.js';
import type { Violation } from '../sla/violation.js';
import type { AlertLabels } from './silence.js';

/** What an alert tells of. */
export const ALERT_KINDS = [
  'violation',
  'severity',
  'approval',
  'recovery',
  'escalated',
  'rollback-incomplete',
  'unacknowledged',
  'rca',
  'acknowledged',
  'resolved',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/**
 * What became of it: `sent` to people, `silenced` by one of them, `inhibited` by its service's own
 * incident, `grouped` under another incident of its service, `suppressed` by maintenance, the
 * cooldown or for flapping.
 */
export const ALERT_STATES = ['sent', 'silenced', 'inhibited', 'grouped', 'suppressed'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** An incident as its alerts tell of it: small, since it travels with each of them. */
export interface AlertSnapshot {
  readonly incidentId: string;
  readonly runId: string;
  readonly openedAtMs: number;
  readonly violation: Violation;
  readonly state: IncidentState;
  readonly outcome: Outcome | undefined;
  readonly procedure: string | undefined;
  readonly why: string | undefined;
  /** The newest line of its story. */
  readonly lastLine: string;
  readonly waiting:
    { readonly line: string; readonly untilMs: number; readonly onTimeout: string } | undefined;
  /** Undos owed, in words. */
  readonly owed: readonly string[];
  readonly acknowledgedBy: string | undefined;
  readonly probableCause: string | undefined;
}

/** A stage of an incident that is worth an alert. */
export interface AlertEvent {
  readonly kind: AlertKind;
  /** Tells two of one kind apart for the cooldown, such as the outcome of a recovery. */
  readonly key: string;
  readonly atMs: number;
  readonly snapshot: AlertSnapshot;
}

/** People were told of an incident by the detector itself, while Temporal was away. */
export interface Paged {
  readonly atMs: number;
  readonly channels: readonly string[];
  readonly dedupKey: string;
}

/** An alert as people look it up later. A later revision of an id replaces an earlier one. */
export interface AlertRecord {
  /** Also the id of its notification: deliveries are found by it. */
  readonly id: string;
  readonly incidentId: string;
  readonly runId: string;
  readonly service: string;
  readonly replica: string | undefined;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  readonly atMs: number;
  readonly state: AlertState;
  /** Why it was not sent, or what is odd about it; may be empty. */
  readonly why: string;
  /** Level of the ladder that was told, from 0. */
  readonly escalationLevel: number;
  readonly acknowledgedBy: string | undefined;
  readonly revision: number;
}

/** What silences match. */
export function labelsOf(violation: Violation): AlertLabels {
  const { service, replica, threshold, metric, violationType, severity, fingerprint } = violation;
  return {
    ...{ service, threshold, metric, severity, fingerprint },
    replica: replica ?? '',
    type: violationType,
  };
}

/**
 * The key by which the other side tells a repeat from news: one for each opening of an incident. It
 * follows from the violation alone, so that whoever pages while Temporal is away uses the same one.
 */
export function dedupKeyOf(incidentId: string, violation: Violation): string {
  return `${incidentId}@${violation.startedAtMs}`;
}

/** Whether a recovery that ended so failed; one that a person aborted did what it was told. */
export function hasFailed(outcome: Outcome | undefined): boolean {
  return outcome === 'rolled-back' || outcome === 'rollback-incomplete' || outcome === 'refused';
}
