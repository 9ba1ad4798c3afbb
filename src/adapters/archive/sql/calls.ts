import type { CallArchive, CallClaim, CallRecord } from '../../../domain/calls.js';
import { callClaimSchema, callSchema, checked, settledCallSchema } from '../records.js';
import type { SqlDatabase } from './database.js';

/** Claims a call that is new, or that somebody claimed and did not answer; gives it as it stands then. */
export async function claimCall(db: SqlDatabase, claim: CallClaim): Promise<CallRecord> {
  const c = checked(callClaimSchema, 'claim of a call', claim);
  await db.write([
    {
      sql: `INSERT INTO calls (id, request, claim, at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET claim = excluded.claim, at_ms = excluded.at_ms
        WHERE calls.status IS NULL AND calls.request = excluded.request AND calls.at_ms < $5`,
      binds: [c.id, c.request, c.claim, c.atMs, c.staleBeforeMs],
    },
  ]);
  const [row] = await db.query({
    sql: `SELECT id, request, claim, at_ms AS "atMs", status, content_type AS "contentType", body
      FROM calls WHERE id = $1`,
    binds: [c.id],
  });
  const { status, contentType, body, ...rest } = row ?? {};
  const answer = status === null ? undefined : { status, contentType, body };
  return checked(callSchema, 'stored call', { ...rest, answer });
}

/** Keeps the answer of a claimed call; without one it can be claimed again at once. */
export async function settleCall(
  db: SqlDatabase,
  call: Parameters<CallArchive['settleCall']>[0],
): Promise<void> {
  const { id, claim, answer } = checked(settledCallSchema, 'settled call', call);
  const mine = 'status IS NULL AND id =';
  await db.write([
    answer === undefined
      ? {
          sql: `UPDATE calls SET at_ms = 0 WHERE ${mine} $1 AND claim = $2`,
          binds: [id, claim],
        }
      : {
          sql: `UPDATE calls SET status = $1, content_type = $2, body = $3
            WHERE ${mine} $4 AND claim = $5`,
          binds: [answer.status, answer.contentType, answer.body, id, claim],
        },
  ]);
}
