import type { Severity } from '../sla/severity.js';

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
