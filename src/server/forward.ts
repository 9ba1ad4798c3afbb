import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { DetectorAnswer } from './detector-client.js';
import { Problem } from './problem.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Not understood',
  404: 'Unknown',
  409: 'Conflict',
};

/** Gives the detector's answer to the caller; its refusals as Problems that say why. */
export function answerOf(context: Context, { status, body }: DetectorAnswer): Response {
  if (status < 300) return context.json(body, status as ContentfulStatusCode);
  const { message, problems } = body as { message?: string; problems?: unknown };
  const problem = new Problem(
    status >= 500 ? 503 : (status as ContentfulStatusCode),
    TITLES[status] ?? 'Not possible now',
    message ?? `the detector answered ${status}`,
  );
  const json = problems === undefined ? problem.toJSON() : { ...problem.toJSON(), problems };
  return context.json(json, problem.status, { 'content-type': 'application/problem+json' });
}
