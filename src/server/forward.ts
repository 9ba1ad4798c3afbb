import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import type { DetectorAnswer } from './detector-client.js';
import { Problem } from './problem.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Not understood',
  404: 'Unknown',
  409: 'Conflict',
};

/**
 * The body of the detector's answer, as its shape has it.
 *
 * @throws Problem for its refusals, that says why.
 */
export function bodyOf<T>(shape: z.ZodType<T>, { status, body }: DetectorAnswer): T {
  if (status < 300) return shape.parse(body);
  const { message, problems } = body as { message?: string; problems?: unknown };
  throw new Problem(
    status >= 500 ? 503 : (status as ContentfulStatusCode),
    TITLES[status] ?? 'Not possible now',
    message ?? `the detector answered ${status}`,
    problems === undefined ? {} : { more: { problems } },
  );
}
