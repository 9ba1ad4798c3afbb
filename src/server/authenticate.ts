import type { Principal } from '../domain/access.js';
import { Problem } from './problem.js';
import type { Sessions } from './session.js';

/** Tells who a token belongs to; undefined for one that nobody knows. */
export type TokenReader = (token: string) => Promise<Principal | undefined>;

/** How callers are told apart. */
export interface Authentication {
  /**
   * `open`: whoever reaches the server may do everything, as `local`. Only on loopback, where that is
   * whoever is on this machine.
   */
  readonly mode: 'open' | 'required';
  /** In order; the first that knows a token decides. */
  readonly readers: readonly TokenReader[];
  readonly sessions: Sessions;
}

/** Whoever reaches loopback, where no tokens are configured. */
const LOCAL: Principal = { name: 'local', role: 'admin', via: 'local' };

/** Longer than any token or JWT of ours. */
const MAX_TOKEN_CHARACTERS = 8_192;

/**
 * Who makes a request: by `Authorization: Bearer`, else by the session’s cookie. Undefined for a
 * stranger.
 *
 * @throws Problem 401 for a token that nobody knows: it is told at once, also where none is needed.
 */
export async function authenticate(
  request: Request,
  authentication: Authentication,
): Promise<Principal | undefined> {
  if (authentication.mode === 'open') return LOCAL;
  const header = request.headers.get('authorization');
  if (header === null) return authentication.sessions.read(request.headers.get('cookie'));
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(header)?.[1];
  const principal = token && (await principalOf(token, authentication));
  if (principal) return principal;
  throw new Problem(401, 'Not signed in', 'the token is not known, or no longer', {
    headers: { 'www-authenticate': 'Bearer realm="paramedic", error="invalid_token"' },
  });
}

/** Who a token belongs to. */
export async function principalOf(
  token: string,
  { readers }: Authentication,
): Promise<Principal | undefined> {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
  for (const read of readers) {
    const principal = await read(token);
    if (principal !== undefined) return principal;
  }
  return undefined;
}
