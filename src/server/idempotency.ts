import { createHash, randomUUID } from 'node:crypto';
import type { CallAnswer, CallArchive } from '../domain/calls.js';
import { Problem } from './problem.js';

/** The header that names a write, so that it can be repeated without being done twice. */
const IDEMPOTENCY_HEADER = 'idempotency-key';
/** Says that an answer is an earlier one. */
const REPLAYED_HEADER = 'idempotency-replayed';
const KEY = /^[\x21-\x7e]{1,200}$/;
/** Twice what a handler may take: an older claim without an answer is that of a server that has died. */
const STALE_AFTER_MS = 60_000;

/** A write with a key: the caller's to carry out, or answered already. */
export type Keyed =
  | { readonly kind: 'replay'; readonly response: Response }
  | {
      readonly kind: 'new';
      /** Keeps what it was answered; a fault of ours (5xx) is not kept, so that it can be tried again. */
      settle(response: Response): Promise<void>;
    };

/** Remembers writes by their keys. */
export interface CallKeeper {
  /**
   * Claims a write for the caller's key; undefined where it has none.
   *
   * @throws Problem 400 for a key that is none, 409 while the same call is being carried out, 422 for
   * a key that was used for another request. AdapterError where the archive does not answer: without
   * it nobody can say whether this is a repetition.
   */
  keyed(request: Request, body: Buffer, who: string): Promise<Keyed | undefined>;
}

/**
 * Calls in the archive, so that they outlive a restart. A key is its caller's own. What could not be
 * kept is handed to `onLost`: the write has happened, and its answer must not say otherwise.
 */
export function createCallKeeper(
  archive: CallArchive,
  nowMs: () => number,
  onLost: (error: unknown) => void,
): CallKeeper {
  return {
    async keyed(request, body, who) {
      const key = request.headers.get(IDEMPOTENCY_HEADER);
      if (key === null) return undefined;
      if (!KEY.test(key)) {
        const why = 'Idempotency-Key: expected 1 to 200 visible ASCII characters';
        throw new Problem(400, 'Not understood', why);
      }
      const { pathname, search } = new URL(request.url);
      const mine = {
        id: digest(JSON.stringify([who, key])),
        request: digest(`${request.method} ${pathname}${search}\n`, body),
        claim: randomUUID(),
        atMs: nowMs(),
      };
      const known = await archive.claimCall({ ...mine, staleBeforeMs: mine.atMs - STALE_AFTER_MS });
      if (known.request !== mine.request) {
        const why = 'this Idempotency-Key was used for another request: each has one of its own';
        throw new Problem(422, 'Key used before', why);
      }
      if (known.answer !== undefined) return { kind: 'replay', response: answered(known.answer) };
      if (known.claim !== mine.claim) {
        const why = 'the call with this Idempotency-Key is being carried out: ask again';
        throw new Problem(409, 'In progress', why, { headers: { 'retry-after': '1' } });
      }
      return {
        kind: 'new',
        async settle(response) {
          try {
            const answer = response.status < 500 ? await answerOf(response) : undefined;
            await archive.settleCall({ id: mine.id, claim: mine.claim, answer });
          } catch (error) {
            onLost(error);
          }
        },
      };
    },
  };
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

async function answerOf(response: Response): Promise<CallAnswer> {
  const contentType = response.headers.get('content-type') ?? 'application/json';
  return { status: response.status, contentType, body: await response.clone().text() };
}

function answered({ status, contentType, body }: CallAnswer): Response {
  const headers = { 'content-type': contentType, [REPLAYED_HEADER]: 'true' };
  return new Response(body, { status, headers });
}
