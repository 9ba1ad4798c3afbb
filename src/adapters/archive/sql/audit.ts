import type { AuditRecord } from '../../../domain/archive.js';
import type { Page } from '../../../domain/page.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { auditQuerySchema, auditSchema, checked } from '../records.js';
import { Binds, type SqlDatabase } from './database.js';
import { pageOf } from './incidents.js';

/** Appends a line; one of that key is never changed. */
export async function putAudit(db: SqlDatabase, record: AuditRecord): Promise<void> {
  const a = checked(auditSchema, 'audit line', record);
  await db.write([
    {
      sql: `INSERT INTO audit (entry_key, at_ms, who, origin, what, target, outcome, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (entry_key) DO NOTHING`,
      binds: [a.key, a.atMs, a.who, a.from, a.what, a.target, a.outcome, a.detail],
    },
  ]);
}

/** The lines that match, newest first. */
export async function audit(
  db: SqlDatabase,
  query: { limit: number; after?: string | undefined; target?: string | undefined },
): Promise<Page<AuditRecord>> {
  const q = checked(auditQuerySchema, 'query for audit lines', query);
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.target !== undefined) where.push(`target = ${binds.add(q.target)}`);
  if (q.after !== undefined) {
    where.push(`(at_ms, entry_key) < ${binds.tuple(decodeCursor(q.after, 1))}`);
  }
  const rows = await db.query({
    sql: `SELECT entry_key AS "key", at_ms AS "atMs", who, origin AS "from", what, target, outcome, detail
      FROM audit WHERE ${where.join(' AND ')}
      ORDER BY at_ms DESC, entry_key DESC LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  const records = rows.map((row) => checked(auditSchema, 'stored audit line', row));
  return pageOf(records, q.limit, (r) => encodeCursor([r.atMs, r.key]));
}
