import { createHash, timingSafeEqual } from 'node:crypto';

/** Why a request may not come in; undefined for one that may. */
export type Guard = (request: Request) => { status: 401 | 403; why: string } | undefined;

const hashOf = (text: string) => createHash('sha256').update(text).digest();
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i;

/**
 * Lets only other roles in: with the token that they share, or without one, where they are on one
 * machine, programs of that machine. Pages in a browser are refused in either case; they give
 * themselves away by `Origin` or `Sec-Fetch-Site`, and by a `Host` that is none of loopback’s.
 */
export function roleGuard(token: string | undefined): Guard {
  const expected = token === undefined ? undefined : hashOf(`Bearer ${token}`);
  return (request) => {
    const { headers } = request;
    if (headers.has('origin') || headers.has('sec-fetch-site')) {
      return { status: 403, why: 'pages in a browser may not call this' };
    }
    if (expected === undefined) {
      const host = headers.get('host') ?? 'localhost';
      if (LOOPBACK.test(host)) return undefined;
      return { status: 403, why: `"${host.slice(0, 200)}" is no name of loopback` };
    }
    // As hashes both are of one length, which the comparison in constant time needs.
    const given = hashOf(headers.get('authorization') ?? '');
    if (timingSafeEqual(given, expected)) return undefined;
    return { status: 401, why: 'only roles with the same internalToken may call this' };
  };
}
