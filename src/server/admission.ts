import type { MiddlewareHandler } from 'hono';
import type { Principal } from '../domain/access.js';
import { authenticate, type Authentication } from './authenticate.js';
import { originOf } from './caller.js';
import { Problem, problemOf } from './problem.js';
import { RateLimiter, type RateLimit } from './rate-limit.js';
import type { AppEnv } from './router.js';

/** Wrong tokens of one address: enough for a person’s mistakes, hopeless for guessing. */
const WRONG_TOKENS: RateLimit = { perSecond: 0.2, burst: 20 };
/** A supervisor must not take a busy server for a dead one. */
const UNLIMITED = '/health/live';

/** Who calls, and not too often: what every request passes before its operation. */
export function admission(parts: {
  readonly authentication: Authentication;
  readonly rateLimit: RateLimit;
  readonly nowMs: () => number;
}): MiddlewareHandler<AppEnv> {
  const callers = new RateLimiter(parts.rateLimit, parts.nowMs);
  const wrong = new RateLimiter(WRONG_TOKENS, parts.nowMs);
  return async (context, next) => {
    const request = context.req.raw;
    const { address } = originOf(request, context.env);
    const refuse = (limiter: RateLimiter, caller: string) => {
      const waitMs = limiter.take(caller);
      if (waitMs > 0) throw tooMany(waitMs);
    };
    let principal: Principal | undefined;
    try {
      principal = await authenticate(request, parts.authentication);
    } catch (error) {
      if (problemOf(error).status === 401) refuse(wrong, address);
      throw error;
    }
    if (context.req.path !== UNLIMITED) {
      const caller =
        principal === undefined || principal.via === 'local'
          ? `address ${address}`
          : `name ${principal.name}`;
      refuse(callers, caller);
    }
    context.set('principal', principal);
    await next();
    // A wrong token for a session is a wrong token as well.
    if (context.res.status === 401 && context.req.method === 'POST') refuse(wrong, address);
  };
}

function tooMany(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem(429, 'Too many requests', `call again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}
