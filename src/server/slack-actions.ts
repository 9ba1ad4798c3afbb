import { Hono } from 'hono';
import { z } from 'zod';
import { NOTIFICATION_ACTIONS, type NotificationAction } from '../domain/notification.js';
import type { AuditTrail } from './audit-trail.js';
import { parseBody, readBytes } from './body.js';
import { originOf, type Origin } from './caller.js';
import { SIGNED_WITHIN_MS } from './hmac.js';
import type { Incidents, Operation } from './incidents.js';
import { Problem, problemOf } from './problem.js';
import { SeenSignatures } from './seen-signatures.js';
import { isSignedBySlack } from './slack-signature.js';
import { validated } from './validate.js';

/** One Slack app that may ask us something. */
export interface SlackApp {
  readonly signingSecret: string;
  /** Ids of the users whose buttons work; empty for all. */
  readonly operators: readonly string[];
}

/** What the buttons in Slack need. */
export interface SlackParts {
  /** Read anew for each request: secrets rotate. */
  readonly apps: () => Promise<readonly SlackApp[]>;
  /** Tells the user who pressed, and nobody else, what came of it. Never fails. */
  readonly reply: (responseUrl: string, text: string) => Promise<void>;
}

interface Parts {
  readonly slack: SlackParts;
  readonly incidents: Pick<Incidents, 'find' | 'live' | 'operate'>;
  readonly trail: AuditTrail;
  readonly nowMs: () => number;
}

const BODY_LIMIT_BYTES = 64 << 10;

/** As much of Slack's `block_actions` payload as we look at. */
const payloadShape = z.looseObject({
  type: z.literal('block_actions'),
  user: z.looseObject({
    id: z.string().regex(/^[A-Z0-9]{1,40}$/),
    username: z.string().max(200).optional(),
  }),
  response_url: z.string().max(2_000).optional(),
  actions: z
    .array(
      z.looseObject({
        action_id: z.enum(NOTIFICATION_ACTIONS.map((action) => `paramedic.${action}` as const)),
        value: z.string().min(1).max(2_000),
      }),
    )
    .min(1),
});
type Payload = z.output<typeof payloadShape>;

/**
 * `POST /v1/slack/actions`: the buttons of our messages, pressed. Slack's signature is what authorises;
 * the user is who did it, in the incident and in the audit.
 *
 * It is answered at once, since Slack waits 3 s and an operation may take longer; what came of it is
 * told to the user by a message of its own.
 */
export function slackActionRoutes(parts: Parts): Hono {
  const app = new Hono();
  const seen = new SeenSignatures(parts.nowMs, SIGNED_WITHIN_MS);
  app.post('/v1/slack/actions', async (context) => {
    const request = context.req.raw;
    const body = await readBytes(request, BODY_LIMIT_BYTES);
    const apps = await parts.slack.apps();
    const signer = apps.find(({ signingSecret }) =>
      isSignedBySlack(request.headers, body, signingSecret, parts.nowMs()),
    );
    // Strangers are not audited, or they could fill the archive.
    if (signer === undefined) {
      throw new Problem(401, 'Not signed', 'this takes requests that Slack has signed, just now');
    }
    if (!seen.isNew(request.headers.get('x-slack-signature') ?? '')) return context.body(null, 200);
    const form = new URLSearchParams(body.toString('utf8'));
    const given = parseBody(Buffer.from(form.get('payload') ?? ''));
    const payload = validated(payloadShape, given, 'payload');
    void press(parts, signer, payload, originOf(request, context.env));
    return context.body(null, 200);
  });
  return app;
}

/** Does what the pressed buttons say; never fails. */
async function press(
  { slack, incidents, trail }: Parts,
  { operators }: SlackApp,
  { user, actions, response_url: responseUrl }: Payload,
  { address }: Origin,
): Promise<void> {
  const by = `slack:${user.id}${user.username === undefined ? '' : ` (${user.username})`}`;
  const from = `${address} slack`;
  for (const { action_id: id, value: incidentId } of actions) {
    const action = id.slice('paramedic.'.length) as NotificationAction;
    const key = crypto.randomUUID();
    let operation: Operation = action;
    let outcome = 'accepted';
    let detail: string;
    try {
      if (operators.length > 0 && !operators.includes(user.id)) {
        throw new Problem(403, 'Not allowed', `${by} is not among this channel's operators`);
      }
      operation = await operationOf(incidents, action, incidentId);
      const message = { by, from, reason: 'button in Slack' };
      detail = await incidents.operate(incidentId, operation, message, key);
    } catch (error) {
      const problem = problemOf(error);
      outcome = problem.status < 500 ? 'refused' : 'failed';
      detail = problem.detail;
    }
    const line = { who: by, from, what: operation, target: incidentId, outcome, detail };
    await trail.write(outcome === 'accepted' ? { ...line, key } : line, 'each');
    if (responseUrl !== undefined) {
      await slack.reply(responseUrl, `${operation} ${incidentId}: ${outcome}: ${detail}`);
    }
  }
}

/** The same button answers whatever the incident asks: a step, or a rollback. */
async function operationOf(
  incidents: Parts['incidents'],
  action: NotificationAction,
  incidentId: string,
): Promise<Operation> {
  if (action !== 'approve' && action !== 'deny') return action;
  const view = await incidents.live(await incidents.find(incidentId));
  return view?.waiting?.kind === 'rollback' ? `${action}-rollback` : action;
}
