import { isGrpcServiceError, type Client } from '@temporalio/client';
import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import { DELIVERY_STATES, type DeliveryRecord, type Notification } from '../domain/notification.js';
import { RECOVERY_QUEUE } from '../workflows/messages.js';
import type { Delivered, NotificationInput } from '../workflows/notify-messages.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { instant, iso } from './shapes.js';

/** Sends notifications through the workers. */
export interface Notifications {
  /** Names of the configured channels. */
  readonly channels: readonly string[];
  /** Resolves when all ended, or after some seconds; what is not through goes on. @throws Problem. */
  send(channels: readonly string[], notification: Notification): Promise<void>;
}

/** Most deliveries are through in one second; the caller waits no longer than this. */
const WAIT_MS = 8_000;

/** Over a Temporal client. */
export function createNotifications(client: Client, channels: readonly string[]): Notifications {
  type Send = (input: NotificationInput) => Promise<readonly Delivered[]>;
  return {
    channels,
    async send(names, notification) {
      try {
        const handle = await client.workflow.start<Send>('notification', {
          workflowId: `notification:${notification.id}`,
          taskQueue: RECOVERY_QUEUE,
          args: [{ channels: names, notification }],
          staticSummary: notification.title,
        });
        await client.connection
          .withDeadline(Date.now() + WAIT_MS, () => handle.result())
          .catch((error: unknown) => {
            // It is still being tried: the archive tells how it stands.
            if (!isGrpcServiceError(error)) throw error;
          });
      } catch (error) {
        if (!isGrpcServiceError(error)) throw error;
        throw new Problem(503, 'No answer', 'Temporal does not answer; try again', {
          cause: error,
        });
      }
    },
  };
}

const deliveryShape = z
  .object({
    channel: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    at: instant,
    error: z.string().nullable(),
    ref: z.string().nullable(),
    insteadOf: z.string().nullable(),
  })
  .meta({ id: 'Delivery' });

/** A delivery as JSON. */
function deliveryJson(record: DeliveryRecord): z.output<typeof deliveryShape> {
  const { channel, state, attempts, atMs, error, ref, insteadOf } = record;
  const told = { error: error ?? null, ref: ref ?? null, insteadOf: insteadOf ?? null };
  return { channel, state, attempts, at: iso(atMs), ...told };
}

/** `POST /v1/notifications/test`: proves before the night that people are reached. */
export function notificationRoutes(parts: {
  readonly archive: Pick<Archive, 'deliveries'>;
  readonly notifications: Notifications;
  readonly nowMs: () => number;
}): Operation[] {
  const { archive, notifications, nowMs } = parts;
  return [
    operation({
      id: 'testNotification',
      method: 'post',
      path: '/v1/notifications/test',
      tag: 'alerts',
      summary: 'Sends a test notification to a channel, or to all',
      description:
        'Answers when all deliveries ended, or after 8 s with how they stand. PagerDuty and the like ' +
        'are told that it is resolved right after.',
      role: 'operator',
      body: z.strictObject({
        channel: z.string().optional(),
        by: z.string().max(200).optional(),
      }),
      answer: z.object({ notification: z.string(), deliveries: z.array(deliveryShape) }),
      audit: { line: ({ body }) => ({ what: 'notify test', target: body.channel ?? '*' }) },
      handle: async ({ body: { channel }, by }) => {
        const { channels } = notifications;
        if (channel !== undefined && !channels.includes(channel)) {
          const known = channels.join(', ') || '(none configured)';
          const why = `no channel is named "${channel}": expected one of ${known}`;
          throw new Problem(404, 'Unknown channel', why);
        }
        const id = `test-${crypto.randomUUID()}`;
        const names = channel === undefined ? channels : [channel];
        const test = testNotification(id, by, nowMs());
        await notifications.send(names, test);
        await notifications.send(names, { ...test, id: `${id}-end`, kind: 'resolve' });
        const records = await archive.deliveries({ notificationIds: [id], limit: 1_000 });
        return { body: { notification: id, deliveries: records.map(deliveryJson) } };
      },
    }),
  ];
}

function testNotification(id: string, by: string, atMs: number): Notification {
  return {
    ...{ id, dedupKey: id, threadKey: id, kind: 'trigger', severity: 'minor', atMs },
    title: 'Test: nothing is wrong',
    text: `${by} asked whether paramedic reaches this channel. It does.`,
    ...{ facts: [], links: [], actions: [], incidentId: undefined },
  };
}
