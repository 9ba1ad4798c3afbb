import type { Page } from '../../../domain/page.js';
import type {
  RecommendationDecision,
  RecommendationQuery,
  RecommendationRecord,
} from '../../../domain/rca-archive.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { decisionSchema, recommendationQuerySchema, recommendationSchema } from '../rca-records.js';
import { checked } from '../records.js';
import { Binds, type Row, type SqlDatabase } from './database.js';
import { pageOf } from './incidents.js';

const COLUMNS = `id, incident_id AS "incidentId", report_id AS "reportId", line AS "text", category,
  priority, state, created_at_ms AS "createdAtMs", decided_by AS "by", reason, decided_at_ms AS "atMs"`;

const fromRow = (row: Row): RecommendationRecord =>
  checked(recommendationSchema, 'stored recommendation', row);

/** Writes recommendations; those that nobody has decided on follow a later report. */
export async function putRecommendations(
  db: SqlDatabase,
  records: readonly RecommendationRecord[],
): Promise<void> {
  const all = records.map((record) => checked(recommendationSchema, 'recommendation', record));
  if (all.length === 0) return;
  await db.write(
    all.map((r) => ({
      sql: `INSERT INTO recommendations (id, incident_id, report_id, line, category, priority, state,
          created_at_ms, decided_by, reason, decided_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET line = excluded.line, category = excluded.category,
          priority = excluded.priority
        WHERE recommendations.decided_at_ms IS NULL`,
      binds: [
        ...[r.id, r.incidentId, r.reportId, r.text, r.category, r.priority, r.state],
        ...[r.createdAtMs, r.by ?? null, r.reason ?? null, r.atMs ?? null],
      ],
    })),
  );
}

/** The recommendations that match, newest first; those of one report in its order. */
export async function recommendations(
  db: SqlDatabase,
  query: RecommendationQuery,
): Promise<Page<RecommendationRecord>> {
  const q = checked(recommendationQuerySchema, 'query for recommendations', query);
  if (q.states?.length === 0) return { items: [], next: undefined };
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.states !== undefined) where.push(`state IN ${binds.tuple(q.states)}`);
  if (q.incidentId !== undefined) where.push(`incident_id = ${binds.add(q.incidentId)}`);
  if (q.after !== undefined) {
    const [atMs, id = ''] = decodeCursor(q.after, 1);
    const at = binds.add(atMs);
    where.push(`(created_at_ms < ${at} OR (created_at_ms = ${at} AND id > ${binds.add(id)}))`);
  }
  const rows = await db.query({
    sql: `SELECT ${COLUMNS} FROM recommendations WHERE ${where.join(' AND ')}
      ORDER BY created_at_ms DESC, id LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  return pageOf(rows.map(fromRow), q.limit, (r) => encodeCursor([r.createdAtMs, r.id]));
}

/** Writes down what a person decided. */
export async function decideRecommendation(
  db: SqlDatabase,
  decision: RecommendationDecision,
): Promise<RecommendationRecord | undefined> {
  const d = checked(decisionSchema, 'decision', decision);
  await db.write([
    {
      sql: `UPDATE recommendations SET state = $1, decided_by = $2, reason = $3, decided_at_ms = $4
        WHERE id = $5`,
      binds: [d.state, d.by, d.reason, d.atMs, d.id],
    },
  ]);
  const sql = `SELECT ${COLUMNS} FROM recommendations WHERE id = $1`;
  const [row] = await db.query({ sql, binds: [d.id] });
  return row && fromRow(row);
}
