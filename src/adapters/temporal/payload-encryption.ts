import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { AdapterError } from '../../domain/ports.js';

/** A key that payloads are encrypted with; its id stands in clear in each of them. */
export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

const ENCODING = 'binary/encrypted';
const ALGORITHM = 'aes-256-gcm';
/** NIST SP 800-38D: 96 bits of nonce, 128 of tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const { Payload: Proto } = proto.temporal.api.common.v1;
const text = new TextDecoder();
const bytes = new TextEncoder();

/**
 * Encrypts what workflows, activities and messages carry before it leaves the process: Temporal and
 * its database then hold ciphertext only. The first key encrypts; all of them decrypt, so that a key is
 * rotated by putting a new one first and dropping the old one once retention has passed.
 *
 * A payload is `nonce ‖ ciphertext ‖ tag` of the whole payload, its metadata included, and the key's
 * id is authenticated with it. What is not encrypted passes through: histories from before stay readable.
 *
 * @throws RangeError for no key, a key of another length than 32 bytes, or two keys of one id.
 */
export function createEncryptionCodec(keys: readonly EncryptionKey[]): PayloadCodec {
  const byId = new Map(keys.map((key) => [key.id, key]));
  const [current] = keys;
  if (current === undefined) throw new RangeError('expected at least one encryption key');
  if (byId.size !== keys.length) throw new RangeError('two encryption keys have the same id');
  const short = keys.find(({ secret }) => secret.length !== KEY_BYTES);
  if (short !== undefined) {
    throw new RangeError(
      `encryption key "${short.id}" has ${short.secret.length} bytes: expected 32, such as from \`openssl rand -base64 32\``,
    );
  }
  return {
    encode: (payloads) => Promise.resolve(payloads.map((payload) => encrypt(payload, current))),
    // The promise is rejected, not the call thrown out of: the SDK awaits it.
    decode: (payloads) =>
      new Promise((resolve) => {
        resolve(payloads.map((payload) => decrypt(payload, byId)));
      }),
  };
}

function encrypt(payload: Payload, { id, secret }: EncryptionKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, secret, nonce);
  cipher.setAAD(bytes.encode(id));
  const inner = Proto.encode(payload).finish();
  return {
    metadata: { encoding: bytes.encode(ENCODING), 'encryption-key-id': bytes.encode(id) },
    data: Buffer.concat([nonce, cipher.update(inner), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, keys: ReadonlyMap<string, EncryptionKey>): Payload {
  const { metadata, data } = payload;
  if (text.decode(metadata?.['encoding'] ?? new Uint8Array()) !== ENCODING) return payload;
  const id = text.decode(metadata?.['encryption-key-id'] ?? new Uint8Array());
  const key = keys.get(id);
  if (key === undefined) {
    throw new AdapterError(
      'unauthorized',
      `a payload is encrypted with key "${id}", which is not among temporal.encryption.keys`,
    );
  }
  const sealed = data ?? new Uint8Array();
  if (sealed.length < NONCE_BYTES + TAG_BYTES) {
    throw new AdapterError('rejected', `a payload of key "${id}" is cut short`);
  }
  const decipher = createDecipheriv(ALGORITHM, key.secret, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(bytes.encode(id));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const inner = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    return Proto.decode(Buffer.concat([inner, decipher.final()]));
  } catch (cause) {
    throw new AdapterError('rejected', `a payload of key "${id}" was tampered with or damaged`, {
      cause,
    });
  }
}
