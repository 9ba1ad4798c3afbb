import type { Severity } from './sla/severity.js';

/**
 * What a notification is to whoever is told: `trigger` opens (or opens again, louder), `update` adds
 * to it, `acknowledge` says that a person has it, `resolve` closes it.
 */
export const NOTIFICATION_KINDS = ['trigger', 'update', 'acknowledge', 'resolve'] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** What a person may do at once from the message, where the channel has buttons. */
export const NOTIFICATION_ACTIONS = ['acknowledge', 'approve', 'deny', 'abort'] as const;
export type NotificationAction = (typeof NOTIFICATION_ACTIONS)[number];

/**
 * One thing worth telling, the same for every channel. It travels through workflow histories, so it
 * holds no secret and stays small: a few KB of text at most.
 */
export interface Notification {
  /** Unique, and the same however often its delivery is tried: what makes a repeat recognisable. */
  readonly id: string;
  /** The same for all notifications of one run of an incident: its id and its run. */
  readonly dedupKey: string;
  readonly kind: NotificationKind;
  readonly severity: Severity;
  /** One line of plain text. */
  readonly title: string;
  /** Markdown: what, where, how bad, since when, what is being done, how to stop it. */
  readonly text: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly links: readonly { readonly label: string; readonly url: string }[];
  /** When what it tells of happened. */
  readonly atMs: number;
  /** Notifications with the same key belong into one conversation. */
  readonly threadKey: string;
  readonly actions: readonly NotificationAction[];
  /** The incident that the actions are about; undefined for a test or what concerns no incident. */
  readonly incidentId: string | undefined;
}

/**
 * How a delivery stands: `pending` is being tried, `skipped` is of a kind that the channel does not
 * take, `failed` was given up (its fallback, if any, has a delivery of its own).
 */
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'skipped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One notification on its way to one channel; `(notificationId, channel)` is its key. */
export interface DeliveryRecord {
  readonly notificationId: string;
  readonly channel: string;
  readonly incidentId: string | undefined;
  readonly threadKey: string;
  readonly state: DeliveryState;
  /** How often it was tried so far. */
  readonly attempts: number;
  /** When it came into this state, or was last tried. */
  readonly atMs: number;
  /** Why the last try failed. */
  readonly error: string | undefined;
  /** What the other side calls it: a Slack timestamp, a Message-ID, a dedup key. */
  readonly ref: string | undefined;
  /** The channel whose fallback this one is. */
  readonly insteadOf: string | undefined;
}
