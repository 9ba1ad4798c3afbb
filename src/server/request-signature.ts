import type { Principal } from '../domain/access.js';
import { isRecent, isSignature, isTimestamp, SIGNED_WITHIN_MS } from './hmac.js';
import { Problem } from './problem.js';
import { SeenSignatures } from './seen-signatures.js';

const TIMESTAMP_HEADER = 'x-paramedic-timestamp';
/** The header of a signed request; the same as of the webhooks that we send. */
export const SIGNATURE_HEADER = 'x-paramedic-signature';

/** Somebody who signs requests, with the secret that is shared with them. */
export interface Signer {
  readonly name: string;
  readonly secret: string;
}

/**
 * Who signed a request; undefined for one without a signature.
 *
 * @throws Problem 401 for a signature that nobody made, is too old, or was seen before.
 */
export type SignatureReader = (headers: Headers, body: Buffer) => Promise<Principal | undefined>;

/**
 * Reads the signatures of `signers`, which are read anew for each request: secrets rotate. A signature
 * is `v1=` and the hex HMAC-SHA256 of `timestamp.body`, the timestamp in Unix seconds and at most five
 * minutes from our time. Every secret is tried, and compared in constant time.
 */
export function signatureReader(
  signers: () => Promise<readonly Signer[]>,
  nowMs: () => number,
): SignatureReader {
  const seen = new SeenSignatures(nowMs, SIGNED_WITHIN_MS);
  return async (headers, body) => {
    const given = headers.get(SIGNATURE_HEADER);
    if (given === null) return undefined;
    const timestamp = headers.get(TIMESTAMP_HEADER) ?? '';
    if (!isTimestamp(timestamp)) {
      throw refused(`expected Unix seconds in ${TIMESTAMP_HEADER}`);
    }
    if (!isRecent(timestamp, nowMs())) {
      throw refused('its timestamp is more than five minutes from our time');
    }
    let found: Signer | undefined;
    const signed = { version: 'v1', prefix: `${timestamp}.`, body };
    for (const signer of await signers()) {
      if (isSignature(given, { ...signed, secret: signer.secret })) found = signer;
    }
    if (found === undefined) throw refused('nobody that we know made it');
    if (!seen.isNew(given)) throw refused('it was used already: sign each try anew');
    return { name: found.name, role: 'operator', via: 'signature' };
  };
}

const refused = (why: string) =>
  new Problem(401, 'Not signed', `the signature is not taken: ${why}`);
