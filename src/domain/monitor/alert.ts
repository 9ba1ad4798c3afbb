import type { AlertKind } from './alert-record.js';
import type { IncidentState, Outcome } from '../archive.js';
import type { DeliveryRecord } from '../notification.js';
import type { Severity } from '../sla/severity.js';
import type { Violation } from '../sla/violation.js';
import type { AlertLabels } from './silence.js';

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
  /** Level of the ladder that was told, from 0. */
  readonly level?: number;
  /** How grave it was when they were last told. */
  readonly severity?: Severity;
  /** What arrived, for the record, and so that the conversation goes on where it began. */
  readonly deliveries?: readonly DeliveryRecord[];
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
