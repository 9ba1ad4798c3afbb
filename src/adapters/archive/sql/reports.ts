import type { Page } from '../../../domain/page.js';
import type { RcaArchive, ReportRecord, ReportSummary } from '../../../domain/rca-archive.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { reportQuerySchema, reportSchema, reportSummarySchema } from '../rca-records.js';
import { checked } from '../records.js';
import { Binds, type Row, type SqlDatabase } from './database.js';
import { pageOf } from './incidents.js';

const SUMMARY = `id, incident_id AS "incidentId", run_id AS "runId", created_at_ms AS "createdAtMs",
  service, probable_cause AS "probableCause", category, likelihood, is_confident AS "isConfident",
  features`;
const COLUMNS = `${SUMMARY}, body, markdown`;

const fromRow = (row: Row): ReportRecord => checked(reportSchema, 'stored report', row);

/** Writes a report; of two writes of one id the later creation stays, so a late retry changes nothing. */
export async function putReport(db: SqlDatabase, report: ReportRecord): Promise<void> {
  const r = checked(reportSchema, 'report', report);
  await db.write([
    {
      sql: `INSERT INTO reports (id, incident_id, run_id, created_at_ms, service, probable_cause,
          category, likelihood, is_confident, features, body, markdown)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET incident_id = excluded.incident_id, run_id = excluded.run_id,
          created_at_ms = excluded.created_at_ms, service = excluded.service,
          probable_cause = excluded.probable_cause, category = excluded.category,
          likelihood = excluded.likelihood, is_confident = excluded.is_confident,
          features = excluded.features, body = excluded.body, markdown = excluded.markdown
        WHERE reports.created_at_ms < excluded.created_at_ms`,
      binds: [
        ...[r.id, r.incidentId, r.runId, r.createdAtMs, r.service, r.probableCause, r.category],
        ...[r.likelihood, Number(r.isConfident), JSON.stringify(r.features), r.body, r.markdown],
      ],
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

/** The report of that id. */
export async function reportById(db: SqlDatabase, id: string): Promise<ReportRecord | undefined> {
  const [row] = await db.query({
    sql: `SELECT ${COLUMNS} FROM reports WHERE id = $1`,
    binds: [id],
  });
  return row && fromRow(row);
}

/** The reports that match, newest first, without their texts. */
export async function reports(
  db: SqlDatabase,
  query: Parameters<RcaArchive['reports']>[0],
): Promise<Page<ReportSummary>> {
  const q = checked(reportQuerySchema, 'query for reports', query);
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.service !== undefined) where.push(`service = ${binds.add(q.service)}`);
  if (q.sinceMs !== undefined) where.push(`created_at_ms >= ${binds.add(q.sinceMs)}`);
  if (q.after !== undefined) {
    where.push(`(created_at_ms, id) < ${binds.tuple(decodeCursor(q.after, 1))}`);
  }
  const rows = await db.query({
    sql: `SELECT ${SUMMARY} FROM reports WHERE ${where.join(' AND ')}
      ORDER BY created_at_ms DESC, id DESC LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  const found = rows.map((row) => checked(reportSummarySchema, 'stored report', row));
  return pageOf(found, q.limit, (r) => encodeCursor([r.createdAtMs, r.id]));
}
