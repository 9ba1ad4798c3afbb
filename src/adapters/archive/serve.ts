import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';
import { AdapterError } from '../../domain/ports.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { checked } from './records.js';

/** What the server answers, always with status 200: the outcome, or why not, in the port's own terms. */
export const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown().optional() }),
  z.object({
    ok: z.literal(false),
    reason: z.enum([
      'unreachable',
      'timeout',
      'rejected',
      'rate-limited',
      'unauthorized',
      'not-found',
    ]),
    message: z.string(),
  }),
]);

/**
 * The handler behind `POST /internal/archive/<operation>`: it takes the operation's name and the
 * parsed JSON body, and gives the JSON to answer with (status 200, also for a refusal, so that its
 * reason reaches the caller as it was).
 *
 * Input is validated; an unknown operation or a malformed body is answered with `rejected`. Anything
 * but an AdapterError is a fault of ours and is thrown, for the server's error handler.
 * The caller authenticates: this handler trusts whoever reaches it.
 */
export function serveArchive(
  archive: Archive,
): (operation: string, body: unknown) => Promise<unknown> {
  return async (name, body) => {
    try {
      return { ok: true, result: await run(archive, name, body) };
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return { ok: false, reason: error.reason, message: error.message };
    }
  };
}

function run(archive: Archive, name: string, body: unknown): Promise<unknown> {
  // Own keys only: "constructor" is no operation.
  if (!Object.hasOwn(OPERATIONS, name)) {
    throw new AdapterError('rejected', `archive: there is no operation "${name.slice(0, 80)}"`);
  }
  // The table's entries differ in their types; each one's input schema guards its own call.
  const operation = OPERATIONS[name as keyof typeof OPERATIONS] as Operation<unknown, unknown>;
  return operation.call(archive, checked(operation.input, name, body));
}
