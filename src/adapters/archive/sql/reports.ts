import type { Page, ReportRecord } from '../../../domain/archive.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { checked, pageQuerySchema, reportSchema } from '../records.js';
import { Binds, type Row, type SqlDatabase } from './database.js';
import { pageOf } from './incidents.js';

const COLUMNS = `id, incident_id AS "incidentId", run_id AS "runId",
  created_at_ms AS "createdAtMs", probable_cause AS "probableCause", body, markdown`;

const fromRow = (row: Row): ReportRecord => checked(reportSchema, 'stored report', row);

/** Writes a report; of two writes of one id the later creation stays, so a late retry changes nothing. */
export async function putReport(db: SqlDatabase, report: ReportRecord): Promise<void> {
  const r = checked(reportSchema, 'report', report);
  await db.write([
    {
      sql: `INSERT INTO reports (id, incident_id, run_id, created_at_ms, probable_cause, body, markdown)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET incident_id = excluded.incident_id, run_id = excluded.run_id,
          created_at_ms = excluded.created_at_ms, probable_cause = excluded.probable_cause,
          body = excluded.body, markdown = excluded.markdown
        WHERE reports.created_at_ms < excluded.created_at_ms`,
      binds: [r.id, r.incidentId, r.runId, r.createdAtMs, r.probableCause, r.body, r.markdown],
    },
  ]);
}

/** The newest report of an incident, or of one run of it. */
export async function report(
  db: SqlDatabase,
  incidentId: string,
  runId: string | undefined,
): Promise<ReportRecord | undefined> {
  const binds = new Binds();
  const of = `incident_id = ${binds.add(incidentId)}${
    runId === undefined ? '' : ` AND run_id = ${binds.add(runId)}`
  }`;
  const [row] = await db.query({
    sql: `SELECT ${COLUMNS} FROM reports WHERE ${of} ORDER BY created_at_ms DESC, id DESC LIMIT 1`,
    binds: binds.values,
  });
  return row && fromRow(row);
}

/** All reports, newest first. */
export async function reports(
  db: SqlDatabase,
  query: { limit: number; after?: string | undefined },
): Promise<Page<ReportRecord>> {
  const q = checked(pageQuerySchema, 'query for reports', query);
  const binds = new Binds();
  const where =
    q.after === undefined
      ? ''
      : `WHERE (created_at_ms, id) < ${binds.tuple(decodeCursor(q.after, 1))}`;
  const rows = await db.query({
    sql: `SELECT ${COLUMNS} FROM reports ${where}
      ORDER BY created_at_ms DESC, id DESC LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  return pageOf(rows.map(fromRow), q.limit, (r) => encodeCursor([r.createdAtMs, r.id]));
}
