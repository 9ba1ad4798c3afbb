import { createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/server/app.js';
import type { Incidents } from '../../src/server/incidents.js';
import { Problem } from '../../src/server/problem.js';
import { isSignedBySlack } from '../../src/server/slack-signature.js';
import { serverParts } from './server-parts.js';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const ID = 'incident:chat:engine-2:request_latency_p95';
const NOW_MS = 1_700_000_000_000;

const press = (action: string, over: object = {}) => ({
  type: 'block_actions',
  user: { id: 'U024BE7LH', username: 'ada' },
  response_url: 'https://hooks.slack.com/actions/T/1/x',
  actions: [{ action_id: `paramedic.${action}`, value: ID }],
  ...over,
});

function signed(payload: unknown, over: { secret?: string; atMs?: number } = {}) {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor((over.atMs ?? NOW_MS) / 1000));
  const hmac = createHmac('sha256', over.secret ?? SECRET).update(`v0:${timestamp}:${body}`);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hmac.digest('hex')}`,
  };
  return { method: 'POST', body, headers };
}

/** A server whose incident waits for `waiting`, and refuses a `skip`. */
async function server(operators: string[] = [], waiting: 'step' | 'rollback' = 'step') {
  const operated: unknown[] = [];
  const replies: string[] = [];
  const parts = await serverParts({
    incidents: {
      find: (id: string) => Promise.resolve({ id }),
      live: () => Promise.resolve({ waiting: { kind: waiting } }),
      operate(id: string, what: string, message: object) {
        if (what === 'deny') return Promise.reject(new Problem(409, 'Refused', 'nothing waits'));
        operated.push([id, what, message]);
        return Promise.resolve('it is done');
      },
    } as unknown as Incidents,
    slack: {
      apps: () => Promise.resolve([{ signingSecret: SECRET, operators }]),
      reply: (_, text) => Promise.resolve(void replies.push(text)),
    },
    nowMs: () => NOW_MS,
  });
  const app = createApp(parts);
  const send = async (init: RequestInit) => (await app.request('/v1/slack/actions', init)).status;
  const audited = async () => (await parts.archive.audit({ limit: 10 })).items;
  return { send, operated, replies, audited };
}

describe('isSignedBySlack', () => {
  it('knows the example of Slack’s own documentation', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = new Headers({
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    });
    const at = 1_531_420_618_000;
    expect(isSignedBySlack(headers, Buffer.from(body), SECRET, at)).toBe(true);
    expect(isSignedBySlack(headers, Buffer.from(body), SECRET, at + 301_000)).toBe(false);
    expect(isSignedBySlack(headers, Buffer.from(`${body}x`), SECRET, at)).toBe(false);
    expect(isSignedBySlack(headers, Buffer.from(body), '', at)).toBe(false);
  });
});

describe('POST /v1/slack/actions', () => {
  it.each([
    ['acknowledge', 'step', 'acknowledge'],
    ['abort', 'step', 'abort'],
    ['approve', 'step', 'approve'],
    ['approve', 'rollback', 'approve-rollback'],
  ] as const)('does what %s says of a %s, in the user’s name', async (button, waiting, what) => {
    const { send, operated, replies, audited } = await server([], waiting);
    expect(await send(signed(press(button)))).toBe(200);
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    const by = 'slack:U024BE7LH (ada)';
    expect(operated).toEqual([
      [
        ID,
        what,
        { by, from: expect.stringMatching(/ slack$/) as string, reason: 'button in Slack' },
      ],
    ]);
    expect(await audited()).toMatchObject([
      { who: by, what, target: ID, outcome: 'accepted', detail: 'it is done' },
    ]);
  });

  it('tells the user, and the audit, that it was refused', async () => {
    const { send, operated, replies, audited } = await server();
    expect(await send(signed(press('deny')))).toBe(200);
    await vi.waitFor(() => expect(replies).toEqual([`deny ${ID}: refused: nothing waits`]));
    expect(operated).toEqual([]);
    expect(await audited()).toMatchObject([{ what: 'deny', outcome: 'refused' }]);
  });

  it('lets only the configured operators press', async () => {
    const { send, operated, replies } = await server(['UOTHER']);
    expect(await send(signed(press('abort')))).toBe(200);
    await vi.waitFor(() => expect(replies[0]).toMatch(/refused.*operators/));
    expect(operated).toEqual([]);
  });

  it('takes a copied request for no second press', async () => {
    const { send, operated, replies } = await server();
    const request = signed(press('acknowledge'));
    expect([await send(request), await send(request)]).toEqual([200, 200]);
    await vi.waitFor(() => expect(replies).toHaveLength(1));
    expect(operated).toHaveLength(1);
  });

  it.each<readonly [string, RequestInit]>([
    ['another secret', signed(press('abort'), { secret: 'wrong' })],
    ['an old timestamp', signed(press('abort'), { atMs: NOW_MS - 301_000 })],
    ['a timestamp to come', signed(press('abort'), { atMs: NOW_MS + 301_000 })],
    ['no signature', { method: 'POST', body: 'payload={}' }],
    ['another body', { ...signed(press('abort')), body: 'payload={}' }],
  ])('refuses %s, and keeps no record of strangers', async (_, request) => {
    const { send, operated, audited } = await server();
    expect(await send(request)).toBe(401);
    expect(operated).toEqual([]);
    expect(await audited()).toEqual([]);
  });

  it.each([
    ['an action that we have not', press('restart')],
    ['another kind of payload', press('abort', { type: 'view_submission' })],
    ['no action', press('abort', { actions: [] })],
  ])('does not understand %s', async (_, payload) => {
    const { send, operated } = await server();
    expect(await send(signed(payload))).toBe(400);
    expect(operated).toEqual([]);
  });
});
