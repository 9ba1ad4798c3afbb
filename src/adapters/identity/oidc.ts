import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { includesRole, ROLES, type Principal, type Role } from '../../domain/access.js';
import { AdapterError } from '../../domain/ports.js';

const url = z.url({ protocol: /^https?$/ });

/** An OpenID Connect issuer whose JWTs are accepted, and which of its groups may do what. */
export const oidcSchema = z.strictObject({
  /** As in its tokens’ `iss`; `/.well-known/openid-configuration` is looked up under it. */
  issuer: url,
  /** What its tokens’ `aud` must name: this server’s client id there. */
  audience: z.string().min(1),
  /** Where its keys are, where discovery does not say. */
  jwksUrl: url.optional(),
  /** The claim that names the person in the audit. */
  nameClaim: z.string().min(1).default('email'),
  groupsClaim: z.string().min(1).default('groups'),
  /** Groups that give each role; a person of several has the greatest. Without any, a token is refused. */
  roles: z.partialRecord(z.enum(ROLES), z.array(z.string().min(1)).min(1)),
});
export type OidcConfig = z.output<typeof oidcSchema>;

/** Asymmetric ones only: with a shared secret the audience itself could make tokens. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];
const TIMEOUT_MS = 5_000;
/** Clocks of issuer and server may differ by so many seconds. */
const CLOCK_TOLERANCE_S = 30;
/** A key that nobody knows asks the issuer again, but not more often than this. */
const COOLDOWN_MS = 30_000;
const CACHE_MS = 3_600_000;

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: url });

/**
 * Reads the issuer’s JWTs: signature (its keys are cached), issuer, audience, times; then name and
 * groups. Undefined for what is no JWT of this issuer, or not valid, or of nobody who has a role.
 *
 * @throws AdapterError `unreachable` while the issuer’s keys can’t be had.
 */
export function oidcReader(config: OidcConfig, nowMs: () => number) {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  const keysOf = () => {
    keys ??= keySet(config).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };
  return async (token: string): Promise<Principal | undefined> => {
    // Others’ tokens must not cost a call to the issuer.
    if (issuerOf(token) !== config.issuer) return undefined;
    try {
      const { payload } = await jwtVerify(token, await keysOf(), {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(nowMs()),
      });
      const role = roleOf(payload[config.groupsClaim], config.roles);
      if (role === undefined) return undefined;
      const named = payload[config.nameClaim];
      const name = typeof named === 'string' && named !== '' ? named : (payload.sub ?? '');
      const untilMs = (payload.exp ?? 0) * 1000;
      return { name: name.slice(0, 200), role, via: 'oidc', untilMs };
    } catch (error) {
      if (isAway(error)) {
        const why = `the issuer ${config.issuer} does not answer: its tokens can’t be checked`;
        throw new AdapterError('unreachable', why, { cause: error });
      }
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function isAway(error: unknown): boolean {
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof TypeError ||
    // What the issuer answered was no key set.
    (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
  );
}

async function keySet({ issuer, jwksUrl }: OidcConfig) {
  const at = jwksUrl ?? (await discover(issuer));
  return createRemoteJWKSet(new URL(at), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MS,
  });
}

async function discover(issuer: string): Promise<string> {
  const at = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  try {
    const reply = await fetch(at, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    const found = discovery.parse(await reply.json());
    if (found.issuer === issuer) return found.jwks_uri;
    throw new Error(`it says that it is ${found.issuer}`);
  } catch (cause) {
    throw new AdapterError('unreachable', `${at} can’t be used: ${String(cause)}`, { cause });
  }
}

function roleOf(groups: unknown, roles: OidcConfig['roles']): Role | undefined {
  const given = new Set(Array.isArray(groups) ? groups : [groups]);
  const has = ROLES.filter((role) => roles[role]?.some((group) => given.has(group)));
  return has.reduce<Role | undefined>(
    (best, role) => (best === undefined || includesRole(role, best) ? role : best),
    undefined,
  );
}
