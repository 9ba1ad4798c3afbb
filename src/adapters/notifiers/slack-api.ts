import type { Agent } from 'undici';
import { z } from 'zod';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import { post } from './post.js';

/** Where and as whom Slack's Web API is called. */
export interface SlackAccess {
  readonly agent: Agent;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly token: string;
  readonly timeoutMs: number;
}

const answer = z.discriminatedUnion('ok', [
  z.looseObject({ ok: z.literal(true) }),
  z.looseObject({ ok: z.literal(false), error: z.string() }),
]);

const REASONS: Readonly<Record<string, AdapterErrorReason>> = {
  invalid_auth: 'unauthorized',
  not_authed: 'unauthorized',
  account_inactive: 'unauthorized',
  token_revoked: 'unauthorized',
  token_expired: 'unauthorized',
  no_permission: 'unauthorized',
  missing_scope: 'unauthorized',
  not_in_channel: 'unauthorized',
  channel_not_found: 'not-found',
  is_archived: 'not-found',
  thread_not_found: 'not-found',
  ratelimited: 'rate-limited',
  rate_limited: 'rate-limited',
  message_limit_exceeded: 'rate-limited',
  internal_error: 'unreachable',
  fatal_error: 'unreachable',
  service_unavailable: 'unreachable',
  team_added_to_org: 'unreachable',
  request_timeout: 'timeout',
};

/**
 * Calls a method and returns its answer, which is `ok`.
 *
 * @throws AdapterError as `post`, and what Slack's own error means; `unreachable` for what is no
 * answer of Slack's, such as a proxy's page, since nobody was told and it may mend.
 */
export async function slackCall(
  access: SlackAccess,
  method: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const { agent, apiUrl, token, timeoutMs } = access;
  const name = `Slack ${method}`;
  const reply = await post(agent, {
    ...{ name, url: `${apiUrl}/${method}`, secrets: [token], timeoutMs },
    body: new URLSearchParams(
      Object.entries(body).map(([key, value]): [string, string] => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ).toString(),
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  const parsed = answer.safeParse(jsonOf(reply.text));
  if (!parsed.success) {
    throw new AdapterError('unreachable', `${name}: the answer is not Slack’s`);
  }
  if (parsed.data.ok) return parsed.data;
  const { error } = parsed.data;
  throw new AdapterError(REASONS[error] ?? 'rejected', `${name}: ${error.slice(0, 100)}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the schema refuses what is undefined.
    return undefined;
  }
}
