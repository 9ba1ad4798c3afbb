import { z } from 'zod';
import { ROLES } from '../domain/access.js';
import { principalOf, type Authentication } from './authenticate.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { instant, iso } from './shapes.js';

const sessionShape = z
  .object({
    authentication: z.enum(['open', 'required']).meta({
      description: '`open`: on loopback without tokens, where everybody may do everything',
    }),
    name: z.string().nullable(),
    role: z.enum(ROLES).nullable(),
    via: z.enum(['local', 'token', 'session', 'oidc', 'signature']).nullable(),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'Session' });

const tag = 'session';
const path = '/v1/session';

/** `/v1/session`: who calls; and for browsers, a token for a cookie that scripts can’t read. */
export function sessionRoutes(authentication: Authentication): Operation[] {
  const { mode, sessions } = authentication;
  return [
    operation({
      id: 'getSession',
      method: 'get',
      path,
      tag,
      summary: 'Who the caller is, and whether anybody has to sign in',
      role: 'public',
      answer: sessionShape,
      handle({ principal: { name, role, via, untilMs } }) {
        const nobody = { name: null, role: null, via: null, expiresAt: null };
        if (via === 'none') return { body: { authentication: mode, ...nobody } };
        return { body: { authentication: mode, name, role, via, expiresAt: iso(untilMs) } };
      },
    }),
    operation({
      id: 'signIn',
      method: 'post',
      path,
      tag,
      summary: 'Exchanges a token for a session cookie',
      description:
        'The cookie is HttpOnly and SameSite=Strict. The session ends with its token, after `server.sessionLifetime`, or by DELETE.',
      role: 'public',
      body: z.strictObject({ token: z.string().min(1).max(8_192) }),
      status: 201,
      answer: sessionShape,
      audit: { line: () => ({ what: 'sign-in' }) },
      async handle({ body: { token } }) {
        const principal = await principalOf(token, authentication);
        if (principal === undefined) {
          throw new Problem(401, 'Not signed in', 'the token is not known, or no longer');
        }
        const { name, role } = principal;
        const { cookie, untilMs } = await sessions.open(principal);
        return {
          body: {
            authentication: mode,
            name,
            role,
            via: 'session' as const,
            expiresAt: iso(untilMs),
          },
          headers: { 'set-cookie': cookie },
          audit: { who: name, target: name, detail: `until ${iso(untilMs)}` },
        };
      },
    }),
    operation({
      id: 'signOut',
      method: 'delete',
      path,
      tag,
      summary: 'Ends the session',
      role: 'public',
      answer: z.object({ result: z.string() }),
      audit: { line: () => ({ what: 'sign-out' }) },
      handle: async ({ request }) => ({
        body: { result: 'signed out' },
        headers: { 'set-cookie': await sessions.close(request.headers.get('cookie')) },
      }),
    }),
  ];
}
