import { z } from 'zod';
import {
  DELIVERY_STATES,
  type DeliveryRecord,
  type Notification,
  type NotificationKind,
} from '../../domain/notification.js';
import { AdapterError, isFinal, type Notifier } from '../../domain/ports.js';

/** A way to tell people, with who takes over where it fails. */
export interface OutageChannel {
  readonly notifier: Notifier;
  /** The kinds that it takes; others are skipped. */
  readonly kinds: readonly NotificationKind[];
  readonly fallback: string | undefined;
  readonly fallbackAfterMs: number;
}

/** One notification on its way to one channel, as it is kept on the disk. */
export const deliverySchema = z.object({
  channel: z.string(),
  notification: z.custom<Notification>((value) => typeof value === 'object' && value !== null),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  sinceMs: z.number(),
  atMs: z.number(),
  nextAtMs: z.number(),
  ref: z.string().optional(),
  error: z.string().optional(),
  insteadOf: z.string().optional(),
});
export type Delivery = z.output<typeof deliverySchema>;

const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;
/** Nobody needs to be woken for what was a day ago. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** A delivery that is still to be made. */
export function newDelivery(
  channel: string,
  notification: Notification,
  nowMs: number,
  insteadOf?: string,
): Delivery {
  const times = { sinceMs: nowMs, atMs: nowMs, nextAtMs: nowMs };
  return { channel, notification, state: 'pending', attempts: 0, ...times, insteadOf };
}

/**
 * Makes one try of a delivery, and changes it to what came of it. Returns the delivery to the channel
 * that takes over, where this one was given up and has such.
 */
export async function tryDelivery(
  delivery: Delivery,
  channels: ReadonlyMap<string, OutageChannel>,
  threadRef: string | undefined,
  now: () => number,
): Promise<Delivery | undefined> {
  const channel = channels.get(delivery.channel);
  const ended = (state: Delivery['state'], more: Partial<Delivery> = {}) => {
    Object.assign(delivery, { state, atMs: now(), ...more });
  };
  if (channel === undefined) {
    ended('failed', { error: `channel "${delivery.channel}" is not configured` });
    return undefined;
  }
  const { notification } = delivery;
  if (!channel.kinds.includes(notification.kind)) {
    ended('skipped');
    return undefined;
  }
  delivery.attempts += 1;
  try {
    const attempt = { mayHaveArrived: delivery.attempts > 1, threadRef };
    const { ref } = await channel.notifier.deliver(notification, attempt);
    ended('delivered', { ref });
    return undefined;
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    const waitMs = Math.max(
      error.retryAfterMs ?? 0,
      Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (delivery.attempts - 1)),
    );
    const nextAtMs = now() + waitMs;
    const { fallback, fallbackAfterMs } = channel;
    const bornMs = fallback === undefined ? GIVE_UP_AFTER_MS : fallbackAfterMs;
    const isGivenUp = isFinal(error) || nextAtMs >= delivery.sinceMs + bornMs;
    ended(isGivenUp ? 'failed' : 'pending', { error: error.message, nextAtMs });
    if (!isGivenUp || fallback === undefined || fallback === delivery.insteadOf) return undefined;
    return newDelivery(fallback, notification, now(), delivery.channel);
  }
}

/** As the archive keeps it. */
export function recordOf(delivery: Delivery): DeliveryRecord {
  const { channel, notification, state, attempts, atMs, error, ref, insteadOf } = delivery;
  const { id: notificationId, incidentId, threadKey } = notification;
  return {
    ...{ notificationId, channel, incidentId, threadKey },
    ...{ state, attempts, atMs, error, ref, insteadOf },
  };
}
