/** What crosses the border between workflows and the workers that deliver notifications. */
import type { DeliveryRecord, Notification } from '../domain/notification.js';

/** Deliveries have a queue of their own: a channel that hangs delays no recovery. */
export const NOTIFY_QUEUE = 'notify';

/** The entity workflow behind the dead-man's switch. */
export const HEARTBEAT_WORKFLOW_ID = 'heartbeat';

/** Asks for the delivery of one notification to one channel. */
export interface NotifyAsk {
  /** Name of a configured channel; its settings and secrets never leave the worker. */
  readonly channel: string;
  readonly notification: Notification;
  /** The channel that could not be reached and whose fallback this one is. */
  readonly insteadOf?: string;
}

/** Starts a workflow that tells people one thing, for whoever has no workflow of its own. */
export interface NotificationInput {
  readonly channels: readonly string[];
  readonly notification: Notification;
}

/** How a notification was delivered: the last of `tries` tells, earlier ones were given up. */
export interface Delivered {
  readonly isDelivered: boolean;
  /** The channel and, where it failed, its fallbacks in turn. */
  readonly tries: readonly DeliveryRecord[];
}

/** How a delivery ended, as its record; and whether the archive has it already. */
export interface NotifyResult {
  readonly delivery: DeliveryRecord;
  readonly isArchived: boolean;
}

/** Carried by the failure of a delivery that was given up. */
export interface NotifyFailure extends NotifyResult {
  /** Where to send it instead, where the configuration has such a channel. */
  readonly fallback: string | undefined;
}
