import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/server/app.js';
import { serverParts, withTokens } from './server-parts.js';

const NOW_MS = 1_700_000_000_000;
const BODY = JSON.stringify({ service: 'chat', kind: 'release', summary: '1.4.0' });
const SECRET = 'shared with the pipeline';

interface Signed {
  readonly secret?: string;
  readonly atMs?: number;
  /** Signed instead of what is sent. */
  readonly over?: string;
}

async function setUp() {
  const parts = await serverParts({
    authentication: withTokens().authentication,
    signers: () =>
      Promise.resolve([
        { name: 'other', secret: 'another secret' },
        { name: 'ci', secret: SECRET },
      ]),
    nowMs: () => NOW_MS,
  });
  const app = createApp(parts);
  const post = (address: string, headers: Readonly<Record<string, string>>, body = BODY) =>
    app.request(address, { method: 'POST', body, headers });
  const send = async (how: Signed = {}, address = '/v1/changes') => {
    const reply = await post(address, signed(how));
    return { status: reply.status, body: (await reply.json()) as { by?: string; detail?: string } };
  };
  return { parts, post, send };
}

function signed({ secret = SECRET, atMs = NOW_MS, over = BODY }: Signed) {
  const timestamp = String(Math.floor(atMs / 1000));
  const mac = createHmac('sha256', secret).update(`${timestamp}.${over}`).digest('hex');
  return { 'x-paramedic-timestamp': timestamp, 'x-paramedic-signature': `v1=${mac}` };
}

describe('a signed request', () => {
  it('is taken in the name of its signer, and audited so', async () => {
    const { parts, send } = await setUp();
    expect(await send()).toMatchObject({ status: 201, body: { by: 'ci' } });
    const { items } = await parts.archive.audit({ limit: 10 });
    expect(items).toMatchObject([{ who: 'ci', outcome: 'accepted', target: 'chat' }]);
  });

  it.each([
    ['with a secret that nobody has', { secret: 'guessed' }],
    ['over another body', { over: '{}' }],
    ['six minutes ago', { atMs: NOW_MS - 360_000 }],
    ['six minutes ahead', { atMs: NOW_MS + 360_000 }],
  ])('is refused when it was signed %s', async (_, how) => {
    const { parts, send } = await setUp();
    expect((await send(how)).status).toBe(401);
    expect((await parts.archive.audit({ limit: 10 })).items).toEqual([]);
  });

  it('is refused without a time, cut short, or when there is no signer at all', async () => {
    const { post } = await setUp();
    const { 'x-paramedic-signature': signature, ...time } = signed({});
    expect((await post('/v1/changes', { 'x-paramedic-signature': signature })).status).toBe(401);
    const short = { ...time, 'x-paramedic-signature': signature.slice(0, -2) };
    expect((await post('/v1/changes', short)).status).toBe(401);
    const { authentication } = withTokens();
    const app = createApp(await serverParts({ authentication, nowMs: () => NOW_MS }));
    const given = { method: 'POST', body: BODY, headers: signed({}) };
    expect((await app.request('/v1/changes', given)).status).toBe(401);
  });

  it('is refused the second time: a copy is no new request', async () => {
    const { send } = await setUp();
    expect((await send()).status).toBe(201);
    const again = await send();
    expect(again.status).toBe(401);
    expect(again.body.detail).toContain('sign each try anew');
    expect((await send({ atMs: NOW_MS + 1_000 })).status).toBe(201);
  });

  it('opens nothing but what programs push', async () => {
    const { post } = await setUp();
    const body = '{"on":true,"reason":"x"}';
    const orders = await post('/v1/kill-switch', signed({ over: body }), body);
    expect(orders.status).toBe(401);
    const alerts = await post('/v1/alertmanager', signed({ over: body }), body);
    expect(alerts.status).toBe(401);
  });

  it('is not read when it is too long', async () => {
    const { post } = await setUp();
    const long = JSON.stringify({ summary: 'x'.repeat(70_000) });
    expect((await post('/v1/changes', signed({ over: long }), long)).status).toBe(413);
  });
});
