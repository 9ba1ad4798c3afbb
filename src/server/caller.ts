import type { Principal } from '../domain/access.js';

/** Where a call comes from. */
export interface Origin {
  /** The peer’s address; `unknown` where there is no socket. */
  readonly address: string;
  readonly userAgent: string;
}

const MAX_USER_AGENT = 200;

/** Reads it off the request; `env` is what @hono/node-server gives an app. */
export function originOf(request: Request, env: unknown): Origin {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return {
    address: incoming?.socket?.remoteAddress ?? 'unknown',
    userAgent: (request.headers.get('user-agent') ?? 'http').slice(0, MAX_USER_AGENT),
  };
}

/**
 * Who asks, in words. Without tokens it is whoever the caller says; with them it is the token’s name,
 * and the name that was claimed only beside it: nobody acts in another’s name.
 */
export function nameOf(principal: Principal, claimed: string | undefined): string {
  if (claimed === undefined || claimed === '' || claimed === principal.name) return principal.name;
  return principal.via === 'local' ? claimed : `${principal.name} (for ${claimed})`;
}
