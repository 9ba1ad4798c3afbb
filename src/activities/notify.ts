import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Archive } from '../domain/archive.js';
import type {
  DeliveryRecord,
  DeliveryState,
  Notification,
  NotificationKind,
} from '../domain/notification.js';
import { AdapterError, isFinal, type Notifier } from '../domain/ports.js';
import type { NotifyAsk, NotifyFailure, NotifyResult } from '../workflows/notify-messages.js';
import type { NotifyActivities } from './contract.js';
import { asFailure } from './failure.js';
import { Turnstile } from './turnstile.js';

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
 * Deliveries at a time to one channel, and as many that wait for a turn: one that hangs must leave
 * room for the others in the worker, which runs `MAX_DELIVERIES` at once.
 */
const MAX_PER_CHANNEL = 16;
/** Activities that a worker of the notify queue runs at a time: six channels may hang at once. */
export const MAX_DELIVERIES = 200;
/** Another side that wants to be left alone for longer is asked all the same. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** Records are for people to look up: a delivery doesn't wait longer for them. */
const ARCHIVE_WITHIN_MS = 2_000;

/** What the notify queue's workers do for workflows. */
export function createNotifyActivities(world: NotifyWorld): NotifyActivities {
  const turnstiles = new Map<string, Turnstile>();
  const turnstileOf = (name: string) => {
    const turnstile = turnstiles.get(name) ?? new Turnstile(MAX_PER_CHANNEL, MAX_PER_CHANNEL);
    turnstiles.set(name, turnstile);
    return turnstile;
  };
  return {
    async notify(ask) {
      const channel = world.channels.get(ask.channel);
      const delivery = new Delivery(world, ask, channel?.fallback);
      if (channel === undefined) {
        return delivery.giveUp(`channel "${ask.channel}" is not configured`, 'rejected');
      }
      if (!channel.kinds.includes(ask.notification.kind)) {
        world.onTried(channel.name, 'skipped', 0);
        return delivery.ended('skipped', {});
      }
      const passed = await turnstileOf(channel.name).pass(() => delivery.try(channel));
      if (passed !== undefined) return passed.result;
      world.onTried(channel.name, 'busy', 0);
      throw ApplicationFailure.create({
        message: `too many deliveries to channel "${channel.name}" are under way`,
        ...{ type: 'busy', nextRetryDelay: '1s' },
      });
    },
    recordDelivery: (delivery) => asFailure(() => world.archive.putDelivery(delivery)),
  };
}

/** One try of one delivery. */
class Delivery {
  readonly #info = Context.current().info;

  constructor(
    private readonly world: NotifyWorld,
    private readonly ask: NotifyAsk,
    private readonly fallback: string | undefined,
  ) {}

  async try(channel: Channel): Promise<NotifyResult> {
    const { notification } = this.ask;
    const startedAtMs = Date.now();
    const tried = (result: TryResult) =>
      this.world.onTried(channel.name, result, Date.now() - startedAtMs);
    try {
      const { ref } = await channel.notifier.deliver(notification, {
        mayHaveArrived: this.#info.attempt > 1,
        threadRef: await threadRef(this.world, channel.name, notification),
      });
      tried('delivered');
      return await this.ended('delivered', { ref });
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      const { message, reason: type } = error;
      const waitMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
      const giveUpAtMs = this.#info.scheduledTimestampMs + channel.fallbackAfterMs;
      const isLate = channel.fallback !== undefined && Date.now() + waitMs >= giveUpAtMs;
      if (isFinal(error) || isLate) {
        tried('failed');
        return await this.giveUp(message, type);
      }
      tried('pending');
      await archived(this.world, this.#record('pending', { error: message }));
      throw ApplicationFailure.create({
        ...{ message, type },
        ...(waitMs > 0 ? { nextRetryDelay: waitMs } : {}),
      });
    }
  }

  async ended(state: DeliveryState, more: Partial<DeliveryRecord>): Promise<NotifyResult> {
    const delivery = this.#record(state, more);
    return { delivery, isArchived: await archived(this.world, delivery) };
  }

  /** Ends it for good, and says where to send it instead. */
  async giveUp(error: string, type: string): Promise<never> {
    const { fallback } = this;
    const failure: NotifyFailure = { ...(await this.ended('failed', { error })), fallback };
    throw ApplicationFailure.create({
      ...{ message: error, type, nonRetryable: true, details: [failure] },
    });
  }

  #record(state: DeliveryState, more: Partial<DeliveryRecord>): DeliveryRecord {
    const { channel, notification, insteadOf } = this.ask;
    const { attempt: attempts } = this.#info;
    return {
      ...{ notificationId: notification.id, channel, threadKey: notification.threadKey },
      incidentId: notification.incidentId,
      ...{ state, attempts, atMs: Date.now(), error: undefined, ref: undefined, insteadOf },
      ...more,
    };
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
