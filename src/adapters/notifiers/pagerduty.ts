import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Notification, NotificationKind } from '../../domain/notification.js';
import { AdapterError, type Notifier } from '../../domain/ports.js';
import type { Severity } from '../../domain/sla/severity.js';
import { readSecret, secretReference } from '../actuators/settings.js';
import { createHttpAgent, parseReply } from '../http.js';
import type { NotifierKind } from './notifier.js';
import { post } from './post.js';
import { timeout, url } from './settings.js';

const schema = z.strictObject({
  /** Integration key of the service (Events API v2). */
  routingKey: secretReference,
  /** Events API; `https://events.eu.pagerduty.com/v2/enqueue` for accounts in the EU. */
  url: url.default('https://events.pagerduty.com/v2/enqueue'),
  timeout,
});

/** PagerDuty knows critical, error, warning and info. */
const SEVERITY_THERE: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  major: 'error',
  minor: 'warning',
};

/** Its limits, in characters. */
const MAX_DEDUP_KEY = 255;
const MAX_SUMMARY = 1024;

const accepted = z.object({ status: z.literal('success'), dedup_key: z.string() });

/**
 * PagerDuty, Events API v2: `trigger`, `acknowledge` and `resolve`, tied together by `dedup_key`.
 *
 * A repeated event of one key changes nothing there, so a try whose answer was lost is simply made
 * again. It has no event for an update, and a trigger in its place would open a resolved alert again:
 * updates are not taken.
 */
export const pagerduty = {
  kind: 'pagerduty',
  schema,
  takes: ['trigger', 'acknowledge', 'resolve'] as readonly NotificationKind[],
  create(settings): Notifier {
    const agent = createHttpAgent();
    return {
      kind: 'pagerduty',
      async deliver(notification) {
        const key = await readSecret(settings.routingKey);
        const call = {
          ...{ name: 'PagerDuty', url: settings.url, secrets: [key] },
          timeoutMs: settings.timeout,
          body: eventOf(notification, key),
        };
        const reply = await post(agent, call);
        try {
          const shown = { method: 'POST', url: settings.url } as const;
          return { ref: parseReply(shown, reply, (value) => accepted.parse(value)).dedup_key };
        } catch (cause) {
          // Whoever answers 2xx with something else, a proxy perhaps, has told nobody; it may mend.
          throw new AdapterError('unreachable', 'PagerDuty: the answer is not PagerDuty’s', {
            cause,
          });
        }
      },
      close: () => agent.close(),
    };
  },
} as const satisfies NotifierKind<typeof schema>;

function eventOf(notification: Notification, routingKey: string) {
  const { kind, title, text, severity, links, facts, atMs } = notification;
  const shared = {
    routing_key: routingKey,
    event_action: kind,
    dedup_key: dedupKeyOf(notification.dedupKey),
  };
  if (kind !== 'trigger') return shared;
  return {
    ...shared,
    client: 'paramedic',
    ...(links[0] === undefined ? {} : { client_url: links[0].url }),
    links: links.map(({ label, url }) => ({ href: url, text: label })),
    payload: {
      summary: title.slice(0, MAX_SUMMARY),
      source: sourceOf(notification),
      severity: SEVERITY_THERE[severity],
      timestamp: new Date(atMs).toISOString(),
      custom_details: {
        ...Object.fromEntries(facts.map(({ name, value }) => [name, value])),
        text,
      },
    },
  };
}

/** What is affected: PagerDuty shows it as the source. */
function sourceOf({ facts, incidentId }: Notification): string {
  const fact = (name: string) => facts.find((one) => one.name.toLowerCase() === name)?.value;
  const named = [fact('service'), fact('replica')].filter((part) => part !== undefined);
  return named.length > 0 ? named.join('/') : (incidentId ?? 'paramedic');
}

function dedupKeyOf(key: string): string {
  return key.length <= MAX_DEDUP_KEY ? key : createHash('sha256').update(key).digest('hex');
}
