import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ROLES, type Principal, type Role } from '../../domain/access.js';

/** So that a scanner for leaked secrets can tell one of ours. */
const PREFIX = 'pmt_';
/** As many as a SHA-256 has: guessing is hopeless, so that a plain hash at rest is enough. */
const TOKEN_BYTES = 32;

/** A token as the configuration keeps it: never itself, only its hash. */
export const tokenSchema = z.strictObject({
  name: z.string().regex(/^[\w.@-]{1,100}$/, 'expected letters, digits, "_", "-", "." or "@"'),
  role: z.enum(ROLES),
  /** SHA-256 of the token, in hex: `paramedic token create` prints it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected the 64 hex digits of a SHA-256'),
  /** After this instant it is refused. */
  expires: z.iso.datetime({ offset: true }).optional(),
});
export type TokenConfig = z.output<typeof tokenSchema>;

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new token, and what the configuration keeps of it. */
export function createToken(): { readonly token: string; readonly sha256: string } {
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  return { token, sha256: hashOf(token).toString('hex') };
}

/**
 * Reads the tokens of the configuration. Every hash is compared, in constant time: how long it takes
 * says nothing of how much of a guess was right, nor of which one it was.
 */
export function tokenReader(tokens: readonly TokenConfig[], nowMs: () => number) {
  const known = tokens.map(({ name, role, sha256, expires }) => {
    const untilMs = expires === undefined ? undefined : Date.parse(expires);
    // A name for this very token, from which its hash can't be had.
    const key = hashOf(sha256).toString('hex').slice(0, 16);
    const principal: Principal = { name, role, via: 'token', key, untilMs };
    return { principal, hash: Buffer.from(sha256, 'hex') };
  });
  const isAlive = ({ untilMs = Infinity }: Principal) => nowMs() < untilMs;
  return {
    /** Who a token belongs to; undefined for an unknown one, and one past its time. */
    read: (token: string): Promise<Principal | undefined> => {
      const given = hashOf(token);
      let found: Principal | undefined;
      for (const { hash, principal } of known) {
        if (timingSafeEqual(hash, given)) found = principal;
      }
      return Promise.resolve(found !== undefined && isAlive(found) ? found : undefined);
    },
    /** Whether the token that somebody once showed is still one of these, with the same role. */
    isCurrent({ name, role, key }: Principal): boolean {
      return known.some(
        ({ principal: p }) => p.name === name && p.role === role && p.key === key && isAlive(p),
      );
    },
  };
}

/** The line for the configuration. */
export function tokenLine(name: string, role: Role, sha256: string): string {
  return `- { name: ${name}, role: ${role}, sha256: ${sha256} }`;
}
