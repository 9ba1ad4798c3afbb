import type { AlertQuery } from '../../../domain/archive.js';
import type { Page } from '../../../domain/page.js';
import type { AlertRecord } from '../../../domain/monitor/alert-record.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { alertQuerySchema, alertSchema, checked } from '../records.js';
import { Binds, type SqlDatabase } from './database.js';
import { pageOf } from './incidents.js';

/** Writes an alert unless a later revision of it is there. */
export async function putAlert(db: SqlDatabase, record: AlertRecord): Promise<void> {
  const r = checked(alertSchema, 'alert', record);
  const binds = new Binds();
  const values = binds.tuple([
    ...[r.id, r.incidentId, r.runId, r.service, r.replica ?? null, r.kind, r.severity, r.title],
    ...[r.text, r.atMs, r.state, r.why, r.escalationLevel, r.acknowledgedBy ?? null, r.revision],
  ]);
  await db.write([
    {
      sql: `INSERT INTO alerts (id, incident_id, run_id, service, replica, kind, severity, title,
          body, at_ms, state, why, escalation_level, acknowledged_by, revision)
        VALUES ${values}
        ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, title = excluded.title,
          body = excluded.body, at_ms = excluded.at_ms, state = excluded.state, why = excluded.why,
          escalation_level = excluded.escalation_level,
          acknowledged_by = excluded.acknowledged_by, revision = excluded.revision
        WHERE alerts.revision < excluded.revision`,
      binds: binds.values,
    },
  ]);
}

/** The alerts that match, newest first. */
export async function alerts(db: SqlDatabase, query: AlertQuery): Promise<Page<AlertRecord>> {
  const q = checked(alertQuerySchema, 'query for alerts', query);
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.incidentId !== undefined) where.push(`incident_id = ${binds.add(q.incidentId)}`);
  if (q.after !== undefined) where.push(`(at_ms, id) < ${binds.tuple(decodeCursor(q.after, 1))}`);
  const rows = await db.query({
    sql: `SELECT id, incident_id AS "incidentId", run_id AS "runId", service, replica, kind,
        severity, title, body AS "text", at_ms AS "atMs", state, why,
        escalation_level AS "escalationLevel", acknowledged_by AS "acknowledgedBy", revision
      FROM alerts WHERE ${where.join(' AND ')}
      ORDER BY at_ms DESC, id DESC LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  const records = rows.map((row) => checked(alertSchema, 'stored alert', row));
  return pageOf(records, q.limit, (r) => encodeCursor([r.atMs, r.id]));
}
