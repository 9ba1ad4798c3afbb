import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { NOTIFICATION_KINDS, type Notification } from '../../domain/notification.js';
import { AdapterError, type Notifier } from '../../domain/ports.js';
import { readSecret, secretReference } from '../actuators/settings.js';
import { createHttpAgent } from '../http.js';
import type { NotifierKind } from './notifier.js';
import { post } from './post.js';
import { readUrl, timeout, urlOrSecret } from './settings.js';

const schema = z.strictObject({
  /** Where to post to; a secret where its path is one. */
  url: urlOrSecret,
  /** Signs each request, so that the receiver knows that it is ours. */
  secret: secretReference.optional(),
  /** Bearer token, where the receiver asks for one. */
  token: secretReference.optional(),
  /** More headers, none of them secret. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).default({}),
  timeout,
});

/**
 * A POST of the notification as JSON to any URL.
 *
 * `Idempotency-Key` is the notification's id, the same for every try: a receiver that remembers it
 * acts once. With a `secret`: `X-Paramedic-Timestamp` (Unix seconds of this try) and
 * `X-Paramedic-Signature`, `v1=` and the hex HMAC-SHA256 over timestamp, `.` and the body as sent.
 */
export const webhook = {
  kind: 'webhook',
  schema,
  takes: NOTIFICATION_KINDS,
  create(settings): Notifier {
    const agent = createHttpAgent();
    const read = (secret: typeof settings.secret) =>
      secret === undefined ? undefined : readSecret(secret);
    return {
      kind: 'webhook',
      async deliver(notification) {
        const address = await readUrl(settings.url);
        if (!URL.canParse(address)) {
          throw new AdapterError('rejected', 'webhook: the configured url is no URL');
        }
        const [secret, token] = [await read(settings.secret), await read(settings.token)];
        const body = bodyOf(notification);
        const timestamp = Math.floor(Date.now() / 1000);
        await post(agent, {
          name: 'webhook',
          url: address,
          secrets: [secret ?? '', token ?? ''],
          timeoutMs: settings.timeout,
          body,
          headers: {
            ...settings.headers,
            'content-type': 'application/json',
            'idempotency-key': notification.id,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(secret === undefined
              ? {}
              : {
                  'x-paramedic-timestamp': String(timestamp),
                  'x-paramedic-signature': `v1=${signatureOf(secret, timestamp, body)}`,
                }),
          },
        });
        return { ref: notification.id };
      },
      close: () => agent.close(),
    };
  },
} as const satisfies NotifierKind<typeof schema>;

/** Times as ISO 8601, like all JSON that leaves paramedic; what is absent is null. */
function bodyOf({ atMs, incidentId, ...rest }: Notification): string {
  return JSON.stringify({
    ...rest,
    at: new Date(atMs).toISOString(),
    incidentId: incidentId ?? null,
  });
}

function signatureOf(secret: string, timestamp: number, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}
