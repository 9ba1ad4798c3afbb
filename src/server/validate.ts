import type { z } from 'zod';
import { Problem } from './problem.js';

/**
 * Validates what came from outside; `what` names the part: `body`, `query`, `path`.
 *
 * @throws Problem 400 that names the first mistake, and lists all of them.
 */
export function validated<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => ({
    path: [what, ...path].map(String).join('.'),
    message,
  }));
  const [first] = problems;
  const detail = `${first?.path ?? what}: ${first?.message ?? 'not usable'}`;
  throw new Problem(400, 'Not understood', detail, { more: { problems } });
}
