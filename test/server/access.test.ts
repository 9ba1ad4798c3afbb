import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/server/app.js';
import { serverParts, withTokens } from './server-parts.js';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a session of a browser', () => {
  it('is a cookie for a token, says who it is, and ends when it is told to', async () => {
    const { authentication, tokens } = withTokens();
    const parts = await serverParts({ authentication });
    const app = createApp(parts);
    const body = JSON.stringify({ token: tokens.operator });
    const signedIn = await app.request('/v1/session', { method: 'POST', body });
    expect(signedIn.status).toBe(201);
    expect(await signedIn.json()).toMatchObject({ name: 'operator-token', role: 'operator' });
    const given = signedIn.headers.get('set-cookie') ?? '';
    expect(given).toMatch(/HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    expect(given).not.toContain(tokens.operator);
    const cookie = given.split(';')[0] ?? '';
    const who = await app.request('/v1/session', { headers: { cookie } });
    expect(await who.json()).toMatchObject({ via: 'session', role: 'operator' });
    expect((await app.request('/v1/incidents', { headers: { cookie } })).status).toBe(200);
    const forged = `${cookie.slice(0, -3)}xyz`;
    expect((await app.request('/v1/incidents', { headers: { cookie: forged } })).status).toBe(401);
    const out = await app.request('/v1/session', { method: 'DELETE', headers: { cookie } });
    expect(out.headers.get('set-cookie')).toMatch(/Max-Age=0$/);
    expect((await app.request('/v1/incidents', { headers: { cookie } })).status).toBe(401);
    const { items } = await parts.archive.audit({ limit: 10 });
    expect(items.map(({ what, who: by }) => `${what} ${by}`)).toEqual([
      'sign-out operator-token',
      'sign-in operator-token',
    ]);
  });

  it('is refused to a wrong token, and after many the address has to wait', async () => {
    const { authentication } = withTokens();
    const app = createApp(await serverParts({ authentication }));
    const wrong = () =>
      app.request('/v1/session', { method: 'POST', body: '{"token":"pmt_guess"}' });
    expect((await wrong()).status).toBe(401);
    const statuses: number[] = [];
    for (let i = 0; i < 30; i += 1) statuses.push((await wrong()).status);
    expect(statuses.at(-1)).toBe(429);
  });

  it('says that nobody has to sign in, where that is so', async () => {
    const app = createApp(await serverParts());
    const who = await (await app.request('/v1/session')).json();
    expect(who).toMatchObject({ authentication: 'open', name: 'local', role: 'admin' });
  });
});

describe('who is told what', () => {
  it('acts in the name of the token; a name that is claimed stands beside it', async () => {
    const { authentication, tokens } = withTokens();
    const parts = await serverParts({ authentication });
    const app = createApp(parts);
    await app.request('/v1/thresholds/x?by=boss', {
      method: 'DELETE',
      headers: bearer(tokens.admin),
    });
    const { items } = await parts.archive.audit({ limit: 1 });
    expect(items[0]).toMatchObject({ who: 'admin-token (for boss)', outcome: 'failed' });
  });

  it('keeps what strangers try out of the audit, and what the weak try in it', async () => {
    const { authentication, tokens } = withTokens();
    const parts = await serverParts({ authentication });
    const app = createApp(parts);
    const on = { method: 'POST', body: '{"on":true}' };
    await app.request('/v1/kill-switch', on);
    await app.request('/v1/kill-switch', { ...on, headers: bearer(tokens.viewer) });
    const { items } = await parts.archive.audit({ limit: 10 });
    expect(items).toMatchObject([{ who: 'viewer-token', outcome: 'refused' }]);
  });

  it('bounds how often one caller calls, and says when it may again', async () => {
    const rateLimit = { perSecond: 1, burst: 3 };
    const app = createApp(await serverParts({ rateLimit, nowMs: () => 0 }));
    const replies = [];
    for (let i = 0; i < 5; i += 1) replies.push(await app.request('/v1/session'));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(replies.at(-1)?.headers.get('retry-after')).toBe('1');
    expect((await app.request('/health/live')).status).toBe(200);
  });
});

describe('what a browser sends', () => {
  it.each([
    ['a page of another site', { origin: 'http://evil.example' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['a script of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port of this machine', { origin: 'http://localhost:8080' }, 403],
    ['a name that was made to point here', { host: 'evil.example' }, 403],
    ['its own page', { host: 'localhost:2242', origin: 'http://localhost:2242' }, 200],
    ['a program', { host: '127.0.0.1:2242' }, 200],
  ])('%s', async (_, headers, status) => {
    const app = createApp(await serverParts());
    const given = new Headers(Object.entries(headers));
    const reply = await app.request('/v1/session', { method: 'DELETE', headers: given });
    expect(reply.status).toBe(status);
  });

  it('may follow a link', async () => {
    const app = createApp(await serverParts());
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await app.request('/health/live', { headers })).status).toBe(200);
  });
});
