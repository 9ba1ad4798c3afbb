import type { ChangeRecord, DrillRecord, RcaArchive } from '../../../domain/rca-archive.js';
import { changeQuerySchema, changeSchema, drillQuerySchema, drillSchema } from '../rca-records.js';
import { checked } from '../records.js';
import { Binds, type SqlDatabase } from './database.js';

/** Writes a change; one of that id is never changed. */
export async function putChange(db: SqlDatabase, change: ChangeRecord): Promise<void> {
  const c = checked(changeSchema, 'change', change);
  await db.write([
    {
      sql: `INSERT INTO changes (id, at_ms, service, replica, kind, summary, told_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
      binds: [c.id, c.atMs, c.service, c.replica ?? null, c.kind, c.summary, c.by],
    },
  ]);
}

/** The changes that match, newest first. */
export async function changes(
  db: SqlDatabase,
  query: Parameters<RcaArchive['changes']>[0],
): Promise<readonly ChangeRecord[]> {
  const q = checked(changeQuerySchema, 'query for changes', query);
  const binds = new Binds();
  const where = [`at_ms >= ${binds.add(q.fromMs)}`, `at_ms <= ${binds.add(q.toMs)}`];
  // What concerns every service is told under `*`.
  if (q.service !== undefined) where.push(`service IN ${binds.tuple([q.service, '*'])}`);
  const rows = await db.query({
    sql: `SELECT id, at_ms AS "atMs", service, replica, kind, summary, told_by AS "by"
      FROM changes WHERE ${where.join(' AND ')}
      ORDER BY at_ms DESC, id DESC LIMIT ${binds.add(q.limit)}`,
    binds: binds.values,
  });
  return rows.map((row) => checked(changeSchema, 'stored change', row));
}

/** Writes what came of a drill; one of that id is never changed. */
export async function putDrill(db: SqlDatabase, drill: DrillRecord): Promise<void> {
  const d = checked(drillSchema, 'drill', drill);
  await db.write([
    {
      sql: `INSERT INTO drills (id, at_ms, fault, is_right, body) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING`,
      binds: [d.id, d.atMs, d.fault, Number(d.isRight), d.body],
    },
  ]);
}

/** The drills since an instant, newest first. */
export async function drills(
  db: SqlDatabase,
  query: Parameters<RcaArchive['drills']>[0],
): Promise<readonly DrillRecord[]> {
  const q = checked(drillQuerySchema, 'query for drills', query);
  const rows = await db.query({
    sql: `SELECT id, at_ms AS "atMs", fault, is_right AS "isRight", body FROM drills
      WHERE at_ms >= $1 ORDER BY at_ms DESC, id DESC LIMIT $2`,
    binds: [q.sinceMs, q.limit],
  });
  return rows.map((row) => checked(drillSchema, 'stored drill', row));
}
