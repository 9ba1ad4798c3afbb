import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Archive } from '../domain/archive.js';
import type {
  DeliveryRecord,
  DeliveryState,
  Notification,
  NotificationKind,
} from '../domain/notification.js';
import { AdapterError, type Notifier } from '../domain/ports.js';
import type { NotifyAsk, NotifyFailure } from '../workflows/notify-messages.js';
import type { NotifyActivities } from './contract.js';
import { asFailure, isFinal } from './failure.js';

/** A configured way to tell people. */
export interface Channel {
  readonly name: string;
  readonly notifier: Notifier;
  /** The kinds that it takes; others are skipped. */
  readonly kinds: readonly NotificationKind[];
  /** The channel that takes over. */
  readonly fallback: string | undefined;
  /** How long this one is tried before its fallback takes over. */
  readonly fallbackAfterMs: number;
}

/** What deliveries need. */
export interface NotifyWorld {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly archive: Pick<Archive, 'putDelivery' | 'deliveries'>;
  /** Told of every try, for telemetry. */
  readonly onTried: (channel: string, result: TryResult, elapsedMs: number) => void;
}
export type TryResult = DeliveryState | 'busy';

/**
 * Deliveries at a time to one channel: one that hangs must leave room for the others in the worker,
 * which runs `MAX_DELIVERIES` at once.
 */
const MAX_PER_CHANNEL = 8;
/** Activities that a worker of the notify queue runs at a time. */
export const MAX_DELIVERIES = 200;
/** Another side that wants to be left alone for longer is asked all the same. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** Records are for people to look up: a delivery doesn't wait longer for them. */
const ARCHIVE_WITHIN_MS = 2_000;

/** What the notify queue's workers do for workflows. */
export function createNotifyActivities(world: NotifyWorld): NotifyActivities {
  const inFlight = new Map<string, number>();
  return {
    notify: (ask) => notify(world, inFlight, ask),
    recordDelivery: (delivery) => asFailure(() => world.archive.putDelivery(delivery)),
  };
}

async function notify(world: NotifyWorld, inFlight: Map<string, number>, ask: NotifyAsk) {
  const { attempt: attempts, scheduledTimestampMs } = Context.current().info;
  const { notification, insteadOf } = ask;
  const channel = world.channels.get(ask.channel);
  const recordOf = (state: DeliveryState, more: Partial<DeliveryRecord>): DeliveryRecord => ({
    notificationId: notification.id,
    channel: ask.channel,
    incidentId: notification.incidentId,
    threadKey: notification.threadKey,
    ...{ state, attempts, atMs: Date.now(), error: undefined, ref: undefined, insteadOf },
    ...more,
  });
  const ended = async (delivery: DeliveryRecord) => ({
    delivery,
    isArchived: await archived(world, delivery),
  });
  const giveUp = async (error: string, type: string): Promise<never> => {
    const failure: NotifyFailure = {
      ...(await ended(recordOf('failed', { error }))),
      fallback: channel?.fallback,
    };
    throw ApplicationFailure.create({
      ...{ message: error, type, nonRetryable: true, details: [failure] },
    });
  };
  if (channel === undefined)
    return giveUp(`channel "${ask.channel}" is not configured`, 'rejected');
  if (!channel.kinds.includes(notification.kind)) return ended(recordOf('skipped', {}));

  const startedAtMs = Date.now();
  const tried = (result: TryResult) =>
    world.onTried(channel.name, result, Date.now() - startedAtMs);
  const running = inFlight.get(channel.name) ?? 0;
  if (running >= MAX_PER_CHANNEL) {
    tried('busy');
    throw ApplicationFailure.create({
      message: `${running} deliveries to channel "${channel.name}" are under way`,
      type: 'busy',
      nextRetryDelay: '1s',
    });
  }
  inFlight.set(channel.name, running + 1);
  try {
    const { ref } = await channel.notifier.deliver(notification, {
      mayHaveArrived: attempts > 1,
      threadRef: await threadRef(world, channel.name, notification),
    });
    tried('delivered');
    return await ended(recordOf('delivered', { ref }));
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    const { message, reason: type } = error;
    const waitMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    const giveUpAtMs = scheduledTimestampMs + channel.fallbackAfterMs;
    const isLate = channel.fallback !== undefined && Date.now() + waitMs >= giveUpAtMs;
    if (isFinal(error) || isLate) {
      tried('failed');
      return await giveUp(message, type);
    }
    tried('pending');
    await archived(world, recordOf('pending', { error: message }));
    throw ApplicationFailure.create({
      ...{ message, type },
      ...(waitMs > 0 ? { nextRetryDelay: waitMs } : {}),
    });
  } finally {
    inFlight.set(channel.name, (inFlight.get(channel.name) ?? 1) - 1);
  }
}

/** What the other side calls the conversation's first message, where one was delivered. */
async function threadRef(world: NotifyWorld, channel: string, { threadKey }: Notification) {
  const found = await withinReason(
    world.archive.deliveries({ threadKey, channel, state: 'delivered', limit: 1 }),
  );
  return found?.[0]?.ref;
}

async function archived(world: NotifyWorld, delivery: DeliveryRecord): Promise<boolean> {
  const written = await withinReason(world.archive.putDelivery(delivery).then(() => true));
  return written === true;
}

/** Undefined when the archive fails or is slow: people are told all the same. */
async function withinReason<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ARCHIVE_WITHIN_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    if (error instanceof AdapterError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
