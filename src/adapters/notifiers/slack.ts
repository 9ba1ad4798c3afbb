import { z } from 'zod';
import { NOTIFICATION_KINDS, type Notification } from '../../domain/notification.js';
import { AdapterError, type DeliveryAttempt, type Notifier } from '../../domain/ports.js';
import { readSecret, secretReference } from '../actuators/settings.js';
import { createHttpAgent } from '../http.js';
import type { NotifierKind } from './notifier.js';
import { post } from './post.js';
import { timeout, url } from './settings.js';
import { slackCall, type SlackAccess } from './slack-api.js';
import { slackMessage } from './slack-message.js';

const schema = z
  .strictObject({
    /** Bot token (`chat:write`; with `channels:history` a repeat is recognised). */
    token: secretReference.optional(),
    /** Id of the Slack channel, like `C024BE91L`; with `token`. */
    channel: z.string().min(1).optional(),
    /** Secret of the app that signs its requests to us: messages then have buttons. */
    signingSecret: secretReference.optional(),
    /** Ids of the Slack users whose buttons work; everybody's in the channel where left empty. */
    operators: z.array(z.string().min(1)).default([]),
    /** Instead of a token, an incoming webhook: no threads, no buttons, repeats not recognised. */
    webhookUrl: secretReference.optional(),
    /** Base of Slack's Web API. */
    apiUrl: url.default('https://slack.com/api').transform((text) => text.replace(/\/+$/, '')),
    timeout,
  })
  .superRefine(({ token, channel, webhookUrl, signingSecret }, context) => {
    const hasBot = token !== undefined && channel !== undefined;
    const isBoth = webhookUrl !== undefined && (token !== undefined || channel !== undefined);
    if (isBoth || (webhookUrl === undefined && !hasBot)) {
      const message = 'expected either token and channel, or webhookUrl';
      context.addIssue({ code: 'custom', path: [], message });
    } else if (webhookUrl !== undefined && signingSecret !== undefined) {
      const message = 'an incoming webhook has no buttons: expected none, or token and channel';
      context.addIssue({ code: 'custom', path: ['signingSecret'], message });
    }
  });
type Settings = z.output<typeof schema>;

/**
 * Slack: messages of a bot, an incident's in one thread, with buttons where a signing secret is set.
 *
 * Slack has no idempotency key. Each message carries the notification's id as metadata, and a try
 * after one whose answer was lost first looks for it in the conversation; where the bot may not read
 * that, it posts again, since twice is better than never.
 */
export const slack = {
  kind: 'slack',
  schema,
  takes: NOTIFICATION_KINDS,
  inbound: ({ signingSecret, operators }: Settings) =>
    signingSecret === undefined ? undefined : { signingSecret, operators },
  create(settings): Notifier {
    const agent = createHttpAgent();
    return {
      kind: 'slack',
      async deliver(notification, attempt) {
        const { token, channel, webhookUrl, timeout: timeoutMs, apiUrl } = settings;
        if (token === undefined || channel === undefined) {
          const hook = webhookUrl === undefined ? '' : await readSecret(webhookUrl);
          return postToWebhook({ agent, url: hook, timeoutMs }, notification);
        }
        const access = { agent, apiUrl, token: await readSecret(token), timeoutMs };
        const found = attempt.mayHaveArrived
          ? await findPosted(access, channel, notification, attempt.threadRef)
          : undefined;
        const hasButtons = settings.signingSecret !== undefined;
        return {
          ref: found ?? (await postMessage(access, { channel, hasButtons }, notification, attempt)),
        };
      },
      close: () => agent.close(),
    };
  },
} as const satisfies NotifierKind<typeof schema>;

const EVENT_TYPE = 'paramedic_notification';
const posted = z.looseObject({ ts: z.string() });

async function postMessage(
  access: SlackAccess,
  { channel, hasButtons }: { channel: string; hasButtons: boolean },
  notification: Notification,
  { threadRef }: DeliveryAttempt,
): Promise<string> {
  const { id, kind } = notification;
  // Louder again, or over: that is for the whole channel to see, not only for who follows the thread.
  const isForAll = kind === 'trigger' || kind === 'resolve';
  const answer = await slackCall(access, 'chat.postMessage', {
    channel,
    ...slackMessage(notification, hasButtons),
    ...(threadRef === undefined ? {} : { thread_ts: threadRef, reply_broadcast: isForAll }),
    metadata: { event_type: EVENT_TYPE, event_payload: { id } },
    unfurl_links: false,
  });
  const parsed = posted.safeParse(answer);
  if (parsed.success) return parsed.data.ts;
  throw new AdapterError('unreachable', 'Slack chat.postMessage: the answer is not Slack’s');
}

const history = z.looseObject({
  messages: z.array(
    z.looseObject({
      ts: z.string(),
      metadata: z
        .looseObject({ event_type: z.string(), event_payload: z.looseObject({}) })
        .optional(),
    }),
  ),
});

/** Clocks differ, and what is told of may lie in the past; Slack lists the newest first. */
const LOOK_BACK_MS = 60_000;
const LOOK_AT = 200;

/** The message of an earlier try, if it arrived. */
async function findPosted(
  access: SlackAccess,
  channel: string,
  { id, atMs }: Notification,
  threadRef: string | undefined,
): Promise<string | undefined> {
  const shared = { channel, include_all_metadata: true, limit: LOOK_AT };
  const oldest = ((atMs - LOOK_BACK_MS) / 1000).toFixed(3);
  try {
    const answer =
      threadRef === undefined
        ? await slackCall(access, 'conversations.history', { ...shared, oldest })
        : await slackCall(access, 'conversations.replies', { ...shared, oldest, ts: threadRef });
    const found = history.safeParse(answer).data?.messages.find(({ metadata }) => {
      return metadata?.event_type === EVENT_TYPE && metadata.event_payload['id'] === id;
    });
    return found?.ts;
  } catch (error) {
    if (error instanceof AdapterError && ['unauthorized', 'not-found'].includes(error.reason)) {
      return undefined;
    }
    throw error;
  }
}

async function postToWebhook(
  hook: { agent: ReturnType<typeof createHttpAgent>; url: string; timeoutMs: number },
  notification: Notification,
): Promise<{ ref: undefined }> {
  if (!/^https?:\/\//.test(hook.url) || !URL.canParse(hook.url)) {
    throw new AdapterError('rejected', 'Slack webhook: the configured webhookUrl is no URL');
  }
  const reply = await post(hook.agent, {
    ...{ name: 'Slack webhook', url: hook.url, secrets: [], timeoutMs: hook.timeoutMs },
    body: slackMessage(notification, false),
  });
  if (reply.text.trim() === 'ok') return { ref: undefined };
  throw new AdapterError('unreachable', 'Slack webhook: the answer is not Slack’s');
}
