import { ActivityFailure, ApplicationFailure, CancellationScope, log } from '@temporalio/workflow';
import type { DeliveryRecord, Notification } from '../domain/notification.js';
import type { Delivered, NotifyAsk, NotifyFailure } from './notify-messages.js';
import { notify, recordDelivery } from './proxies.js';

/**
 * Delivers a notification to a channel, or to its fallbacks in turn. Never throws: what could not be
 * delivered is logged and recorded. A cancelled workflow still tells people.
 */
function deliver(channel: string, notification: Notification): Promise<Delivered> {
  return CancellationScope.nonCancellable(async () => {
    const tries: DeliveryRecord[] = [];
    let ask: NotifyAsk = { channel, notification };
    for (;;) {
      const { delivery, fallback } = await tryChannel(ask);
      tries.push(delivery);
      const isDelivered = delivery.state !== 'failed';
      // A circle of fallbacks is refused by the configuration, but that may change meanwhile.
      const isKnown = tries.some((one) => one.channel === fallback);
      if (isDelivered || fallback === undefined || isKnown) return { isDelivered, tries };
      ask = { channel: fallback, notification, insteadOf: ask.channel };
    }
  });
}

async function tryChannel(
  ask: NotifyAsk,
): Promise<{ delivery: DeliveryRecord; fallback: string | undefined }> {
  try {
    const { delivery, isArchived } = await notify(ask);
    if (!isArchived) await recordDelivery(delivery);
    return { delivery, fallback: undefined };
  } catch (error) {
    const failure = failureOf(error);
    const delivery = failure?.delivery ?? unknownFailure(ask, error);
    log.error('a notification could not be delivered', {
      channel: ask.channel,
      notification: ask.notification.id,
      reason: delivery.error,
    });
    if (failure?.isArchived !== true) await recordDelivery(delivery);
    return { delivery, fallback: failure?.fallback };
  }
}

function failureOf(error: unknown): NotifyFailure | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  return cause.details?.[0] as NotifyFailure | undefined;
}

/** No worker told how it ended: it was tried for as long as deliveries are. */
function unknownFailure({ channel, notification, insteadOf }: NotifyAsk, error: unknown) {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  return {
    notificationId: notification.id,
    channel,
    incidentId: notification.incidentId,
    threadKey: notification.threadKey,
    state: 'failed',
    attempts: 0,
    atMs: Date.now(),
    error: cause instanceof Error ? cause.message : String(cause),
    ref: undefined,
    insteadOf,
  } satisfies DeliveryRecord;
}

/**
 * Sends notifications of one workflow: in order within each channel, or a `resolve` overtakes its
 * `trigger`, while no channel waits for another.
 */
export class Outbox {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Queues a notification for a channel; resolves when it was delivered or given up. */
  send(channel: string, notification: Notification): Promise<Delivered> {
    const before = this.#last.get(channel) ?? Promise.resolve();
    const sent = before.then(() => deliver(channel, notification));
    this.#last.set(channel, sent);
    return sent;
  }

  /** Resolves when everything queued so far was delivered or given up. */
  async idle(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}
