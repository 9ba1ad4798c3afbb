import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createArchive } from '../../src/adapters/archive/index.js';
import { AdapterError } from '../../src/domain/ports.js';
import { createApp, type ServerParts } from '../../src/server/app.js';
import type { Incidents } from '../../src/server/incidents.js';
import { scratchFolder } from '../support/scratch.js';
import { serverParts, withTokens } from './server-parts.js';

const CHANGE = { service: 'chat', kind: 'release', summary: '1.4.0' };

/** Tells of a change, which has an id of its own each time that it is really carried out. */
async function tell(
  app: ReturnType<typeof createApp>,
  key: string | undefined,
  body: unknown = CHANGE,
  headers: Readonly<Record<string, string>> = {},
) {
  const reply = await app.request('/v1/changes', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...(key === undefined ? {} : { 'idempotency-key': key }), ...headers },
  });
  const replayed = reply.headers.get('idempotency-replayed');
  const type = reply.headers.get('content-type');
  return { status: reply.status, replayed, type, body: (await reply.json()) as { id?: string } };
}

const changesOf = async ({ archive }: ServerParts) =>
  archive.changes({ service: undefined, fromMs: 0, toMs: Date.now() + 1, limit: 10 });

describe('a write with an idempotency key', () => {
  it('is carried out once: the same key with the same request is answered the same', async () => {
    const parts = await serverParts();
    const app = createApp(parts);
    const first = await tell(app, 'k1');
    const second = await tell(app, 'k1');
    expect(first).toMatchObject({ status: 201, replayed: null });
    expect(second).toEqual({ ...first, replayed: 'true' });
    expect((await tell(app, 'k2')).body.id).not.toBe(first.body.id);
    expect((await tell(app, undefined)).body.id).not.toBe(first.body.id);
    expect(await changesOf(parts)).toHaveLength(3);
    // What did nothing is no line of the audit.
    expect((await parts.archive.audit({ limit: 10 })).items).toHaveLength(3);
  });

  it('is refused with 422 for another body, or another address', async () => {
    const parts = await serverParts();
    const app = createApp(parts);
    await tell(app, 'k1');
    const other = await tell(app, 'k1', { ...CHANGE, summary: '1.4.1' });
    expect(other).toMatchObject({ status: 422, type: 'application/problem+json' });
    const elsewhere = await app.request('/v1/incidents/i/acknowledge', {
      method: 'POST',
      body: '{}',
      headers: { 'idempotency-key': 'k1' },
    });
    expect(elsewhere.status).toBe(422);
    expect(await changesOf(parts)).toHaveLength(1);
  });

  it('is refused with 400 for a key that is none, and what is not understood takes no key', async () => {
    const app = createApp(await serverParts());
    expect((await tell(app, 'two words')).status).toBe(400);
    expect((await tell(app, 'x'.repeat(201))).status).toBe(400);
    expect((await tell(app, 'k1', { service: 'chat' })).status).toBe(400);
    expect((await tell(app, 'k1')).status).toBe(201);
  });

  it('outlives the server', async () => {
    const file = path.join(scratchFolder(), 'archive.db');
    const opened = () => createArchive({ kind: 'libsql', path: file });
    const before = await opened();
    const first = await tell(createApp(await serverParts({ archive: before })), 'k1');
    await before.close();
    const archive = await opened();
    onTestFinished(() => archive.close());
    const parts = await serverParts({ archive });
    expect(await tell(createApp(parts), 'k1')).toEqual({ ...first, replayed: 'true' });
    expect(await changesOf(parts)).toHaveLength(1);
  });

  it('belongs to its caller: another may use the same', async () => {
    const { authentication, tokens } = withTokens();
    const parts = await serverParts({ authentication });
    const app = createApp(parts);
    const as = (token: string) => tell(app, 'k1', CHANGE, { authorization: `Bearer ${token}` });
    const first = await as(tokens.operator);
    expect((await as(tokens.admin)).body.id).not.toBe(first.body.id);
    expect((await as(tokens.operator)).body.id).toBe(first.body.id);
  });

  it('is 409 while it is carried out, and taken over from a server that died in the middle', async () => {
    let nowMs = 1_700_000_000_000;
    let arrived = () => {};
    const isWaiting = new Promise<void>((resolve) => (arrived = resolve));
    let finish: (answer: string) => void = () => {};
    const order = new Promise<string>((resolve) => (finish = resolve));
    let calls = 0;
    const incidents = {
      operate: () => {
        calls += 1;
        arrived();
        return order;
      },
    } as unknown as Incidents;
    const parts = await serverParts({ incidents, nowMs: () => nowMs });
    const app = createApp(parts);
    const approve = () =>
      app.request('/v1/incidents/i/approve', {
        method: 'POST',
        body: '{}',
        headers: { 'idempotency-key': 'k1' },
      });
    const first = approve();
    await isWaiting;
    const second = await approve();
    expect(second.status).toBe(409);
    expect(second.headers.get('retry-after')).toBe('1');
    expect(calls).toBe(1);
    nowMs += 60_001;
    const third = approve();
    finish('approved');
    expect((await third).status).toBe(200);
    expect((await first).status).toBe(200);
    expect(calls).toBe(2);
    expect((await approve()).headers.get('idempotency-replayed')).toBe('true');
    expect(calls).toBe(2);
  });

  it('keeps a refusal, but no fault: that can be tried again', async () => {
    const answers = [
      () => Promise.reject(new AdapterError('unreachable', 'Temporal is away')),
      () => Promise.resolve('approved'),
      () => Promise.reject(new Error('not asked for here')),
    ];
    const incidents = { operate: () => answers.shift()?.() } as unknown as Incidents;
    const app = createApp(await serverParts({ incidents }));
    const approve = async () => {
      const reply = await app.request('/v1/incidents/i/approve', {
        method: 'POST',
        body: '{}',
        headers: { 'idempotency-key': 'k1' },
      });
      return reply.status;
    };
    expect([await approve(), await approve(), await approve()]).toEqual([503, 200, 200]);
  });
});
