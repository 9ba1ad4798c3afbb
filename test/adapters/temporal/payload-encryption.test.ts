import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createCodecServer } from '../../../src/adapters/temporal/codec-server.js';
import {
  createEncryptionCodec,
  type EncryptionKey,
} from '../../../src/adapters/temporal/payload-encryption.js';

const old: EncryptionKey = { id: 'old', secret: Buffer.alloc(32, 1) };
const current: EncryptionKey = { id: 'new', secret: Buffer.alloc(32, 2) };
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const clear = (payload: Payload) => Buffer.from(payload.data ?? []).toString('latin1');

describe('createEncryptionCodec', () => {
  const codec = createEncryptionCodec([current, old]);

  test.prop([fc.jsonValue()], { seed: 1 })('gives back what it was given', async (value) => {
    const [sealed] = await codec.encode([payloadOf(value)]);
    const [opened] = await codec.decode([sealed!]);
    expect(clear(opened!)).toBe(clear(payloadOf(value)));
    expect(valueOf(opened!)).toEqual(JSON.parse(JSON.stringify(value)));
  });

  it('leaves nothing of the payload or its metadata in clear, and no two ciphertexts alike', async () => {
    const secret = 'set server engines/engine-2 weight 10';
    const sealed = await codec.encode([payloadOf(secret), payloadOf(secret)]);
    for (const payload of sealed) {
      expect(clear(payload)).not.toContain('engine-2');
      expect(clear(payload)).not.toContain('json/plain');
      expect(Object.keys(payload.metadata ?? {})).toEqual(['encoding', 'encryption-key-id']);
      expect(Buffer.from(payload.metadata!['encryption-key-id']!).toString()).toBe('new');
    }
    expect(clear(sealed[0]!)).not.toBe(clear(sealed[1]!));
  });

  it('reads what an older key encrypted after a rotation, and what never was encrypted', async () => {
    const before = await createEncryptionCodec([old]).encode([payloadOf('from before')]);
    const [opened, plain] = await codec.decode([...before, payloadOf('plain')]);
    expect(valueOf(opened!)).toBe('from before');
    expect(valueOf(plain!)).toBe('plain');
  });

  it('names the key that it lacks', async () => {
    const [sealed] = await codec.encode([payloadOf(1)]);
    await expect(createEncryptionCodec([old]).decode([sealed!])).rejects.toThrow('key "new"');
  });

  it.each([
    ['a flipped bit', (data: Buffer) => ((data[20]! ^= 1), data)],
    ['a flipped bit of the tag', (data: Buffer) => ((data[data.length - 1]! ^= 1), data)],
    ['a cut', (data: Buffer) => data.subarray(0, data.length - 3)],
    ['a stump', (data: Buffer) => data.subarray(0, 5)],
  ])('refuses %s', async (_what, damage) => {
    const [sealed] = await codec.encode([payloadOf({ a: 1 })]);
    const data = damage(Buffer.from(sealed!.data!));
    await expect(codec.decode([{ ...sealed!, data }])).rejects.toMatchObject({
      name: 'AdapterError',
      reason: 'rejected',
    });
  });

  it('refuses another key’s id on the same ciphertext', async () => {
    const twins = createEncryptionCodec([
      { id: 'a', secret: old.secret },
      { id: 'b', secret: old.secret },
    ]);
    const [sealed] = await twins.encode([payloadOf(1)]);
    const metadata = { ...sealed!.metadata, 'encryption-key-id': Buffer.from('b') };
    await expect(twins.decode([{ ...sealed!, metadata }])).rejects.toThrow('tampered');
  });

  it.each([
    [[], 'at least one'],
    [[{ id: 'short', secret: randomBytes(16) }], '"short" has 16 bytes: expected 32'],
    [[current, { ...old, id: 'new' }], 'same id'],
  ])('refuses keys that are none (%#)', (keys, why) => {
    expect(() => createEncryptionCodec(keys)).toThrow(why);
  });
});

describe('the codec server', () => {
  const UI = 'http://127.0.0.1:8233';
  const codec = createEncryptionCodec([current]);
  const app = createCodecServer(codec, UI);
  const post = (body: string, headers: Record<string, string> = {}) =>
    app.request('/decode', {
      method: 'POST',
      body,
      headers: { 'content-length': String(Buffer.byteLength(body)), origin: UI, ...headers },
    });
  const wire = (payload: Payload) => ({
    metadata: Object.fromEntries(
      Object.entries(payload.metadata ?? {}).map(([k, v]) => [
        k,
        Buffer.from(v).toString('base64'),
      ]),
    ),
    data: Buffer.from(payload.data ?? []).toString('base64'),
  });

  it('decodes what Temporal’s UI asks for', async () => {
    const [sealed] = await codec.encode([payloadOf({ replica: 'engine-2' })]);
    const reply = await post(JSON.stringify({ payloads: [wire(sealed!)] }));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('access-control-allow-origin')).toBe(UI);
    expect(await reply.json()).toEqual({ payloads: [wire(payloadOf({ replica: 'engine-2' }))] });
  });

  it('lets the UI’s pages in, and no others', async () => {
    const headers = { origin: UI, 'access-control-request-method': 'POST' };
    expect((await app.request('/decode', { method: 'OPTIONS', headers })).status).toBe(204);
    const other = await post('{"payloads": []}', { origin: 'http://evil.example' });
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    ['no JSON', 'garbage', {}, 400],
    ['another shape', '{"payloads": 1}', {}, 400],
    ['an unknown key', null, {}, 400],
    ['too much', '{}', { 'content-length': String(9 << 20) }, 413],
    ['no length', '{}', { 'content-length': '' }, 413],
  ])('answers %s with a refusal', async (_what, body, headers, status) => {
    const [foreign] = await createEncryptionCodec([old]).encode([payloadOf('secret words')]);
    const reply = await post(body ?? JSON.stringify({ payloads: [wire(foreign!)] }), headers);
    expect(reply.status).toBe(status);
    expect(await reply.text()).not.toContain('secret words');
  });
});
