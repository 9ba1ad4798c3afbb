import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { ROLES, type Principal } from '../domain/access.js';

/** What sessions of browsers are made with. */
export interface SessionSettings {
  /** At least 32 bytes that nobody else knows. Another key ends every session. */
  readonly key: Uint8Array;
  readonly lifetimeMs: number;
  /** The browser reaches this server by https: the cookie then never travels without. */
  readonly isSecure: boolean;
  /** Whether the token that opened the session is still what it was. */
  readonly isCurrent: (principal: Principal) => boolean;
  readonly nowMs: () => number;
}

/** Sessions of browsers: the cookie says who it is, signed; nothing is kept here but what was ended. */
export interface Sessions {
  /** The `Set-Cookie` of a session for them, and when it ends. */
  open(principal: Principal): Promise<{ readonly cookie: string; readonly untilMs: number }>;
  /** Who a request’s `Cookie` header belongs to; undefined for none, an ended or a forged one. */
  read(header: string | null): Promise<Principal | undefined>;
  /** Ends the session of that header; the `Set-Cookie` that makes the browser forget it. */
  close(header: string | null): Promise<string>;
}

const ALGORITHM = 'HS256';
/** Ended ones are remembered until they would have ended by themselves; more push out the oldest. */
const MAX_ENDED = 10_000;

const claims = z.object({
  sub: z.string(),
  jti: z.string(),
  exp: z.number(),
  role: z.enum(ROLES),
  via: z.enum(['token', 'oidc']),
  key: z.string().optional(),
});
type Claims = z.output<typeof claims>;

/** Sessions over a signing key; they outlive a restart of the server. */
export function createSessions(settings: SessionSettings): Sessions {
  const { key, lifetimeMs, isSecure, isCurrent, nowMs } = settings;
  // The prefix has browsers insist on Secure, this host alone, and the whole path.
  const name = isSecure ? '__Host-paramedic' : 'paramedic-session';
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  const ended = new Set<string>();

  const claimsOf = async (header: string | null): Promise<Claims | undefined> => {
    const cookie = cookieOf(header, name);
    if (cookie === undefined) return undefined;
    try {
      const options = { algorithms: [ALGORITHM], currentDate: new Date(nowMs()) };
      const { payload } = await jwtVerify(cookie, key, options);
      const found = claims.parse(payload);
      return ended.has(found.jti) ? undefined : found;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
      throw error;
    }
  };

  return {
    async open({ name: sub, role, via, key: tokenKey, untilMs: tokenUntilMs = Infinity }) {
      const untilMs = Math.min(nowMs() + lifetimeMs, tokenUntilMs);
      const given = { role, via, ...(tokenKey === undefined ? {} : { key: tokenKey }) };
      const signed = await new SignJWT(given)
        .setProtectedHeader({ alg: ALGORITHM })
        .setSubject(sub)
        .setJti(crypto.randomUUID())
        .setExpirationTime(new Date(untilMs))
        .sign(key);
      const maxAge = Math.max(0, Math.floor((untilMs - nowMs()) / 1000));
      return { cookie: `${name}=${signed}; ${attributes}; Max-Age=${maxAge}`, untilMs };
    },

    async read(header) {
      const found = await claimsOf(header);
      if (found === undefined) return undefined;
      const { sub, role, via, key: tokenKey, exp } = found;
      const principal = { name: sub, role, key: tokenKey, untilMs: exp * 1000 };
      return isCurrent({ ...principal, via }) ? { ...principal, via: 'session' } : undefined;
    },

    async close(header) {
      const found = await claimsOf(header);
      if (found !== undefined) {
        ended.add(found.jti);
        if (ended.size > MAX_ENDED)
          for (const oldest of [...ended].slice(0, 1)) ended.delete(oldest);
      }
      return `${name}=; ${attributes}; Max-Age=0`;
    },
  };
}

function cookieOf(header: string | null, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
