import type { IncidentQuery, IncidentRecord } from '../../../domain/archive.js';
import type { Page } from '../../../domain/page.js';
import { decodeCursor, encodeCursor } from '../cursor.js';
import { checked, incidentQuerySchema, incidentSchema } from '../records.js';
import { Binds, type Row, type SqlDatabase } from './database.js';

const COLUMNS = `id, run_id AS "runId", state, outcome, service, replica, threshold, metric,
  violation_type AS "violationType", severity, value, limit_value AS "limit", unit,
  opened_at_ms AS "openedAtMs", resolved_at_ms AS "resolvedAtMs", procedure_name AS "procedure",
  probable_cause AS "probableCause", revision`;

const fromRow = (row: Row): IncidentRecord => checked(incidentSchema, 'stored incident', row);

/** Writes an incident unless a later revision of its run is there. */
export async function putIncident(db: SqlDatabase, record: IncidentRecord): Promise<void> {
  const r = checked(incidentSchema, 'incident', record);
  const binds = new Binds();
  const values = binds.tuple([
    ...[r.id, r.runId, r.state, r.outcome ?? null, r.service, r.replica ?? null, r.threshold],
    ...[r.metric, r.violationType, r.severity, r.value, r.limit, r.unit, r.openedAtMs],
    ...[r.resolvedAtMs ?? null, r.procedure ?? null, r.probableCause ?? null, r.revision],
  ]);
  await db.write([
    {
      sql: `INSERT INTO incidents (id, run_id, state, outcome, service, replica, threshold, metric,
          violation_type, severity, value, limit_value, unit, opened_at_ms, resolved_at_ms,
          procedure_name, probable_cause, revision)
        VALUES ${values}
        ON CONFLICT (id, run_id) DO UPDATE SET state = excluded.state, outcome = excluded.outcome,
          service = excluded.service, replica = excluded.replica, threshold = excluded.threshold,
          metric = excluded.metric, violation_type = excluded.violation_type,
          severity = excluded.severity, value = excluded.value, limit_value = excluded.limit_value,
          unit = excluded.unit, opened_at_ms = excluded.opened_at_ms,
          resolved_at_ms = excluded.resolved_at_ms, procedure_name = excluded.procedure_name,
          probable_cause = excluded.probable_cause, revision = excluded.revision
        WHERE incidents.revision < excluded.revision`,
      binds: binds.values,
    },
  ]);
}

/** The incidents that match, newest opening first; no states at all match nothing. */
export async function incidents(
  db: SqlDatabase,
  query: IncidentQuery,
): Promise<Page<IncidentRecord>> {
  const q = checked(incidentQuerySchema, 'query for incidents', query);
  if (q.states?.length === 0) return { items: [], next: undefined };
  const binds = new Binds();
  const where = ['1 = 1'];
  if (q.states !== undefined) where.push(`state IN ${binds.tuple(q.states)}`);
  if (q.service !== undefined) where.push(`service = ${binds.add(q.service)}`);
  if (q.openedSinceMs !== undefined) where.push(`opened_at_ms >= ${binds.add(q.openedSinceMs)}`);
  if (q.after !== undefined) {
    where.push(`(opened_at_ms, id, run_id) < ${binds.tuple(decodeCursor(q.after, 2))}`);
  }
  const rows = await db.query({
    sql: `SELECT ${COLUMNS} FROM incidents WHERE ${where.join(' AND ')}
      ORDER BY opened_at_ms DESC, id DESC, run_id DESC LIMIT ${binds.add(q.limit + 1)}`,
    binds: binds.values,
  });
  return pageOf(rows.map(fromRow), q.limit, (r) => encodeCursor([r.openedAtMs, r.id, r.runId]));
}

/** The newest run of that id, or the given one. */
export async function incident(
  db: SqlDatabase,
  id: string,
  runId: string | undefined,
): Promise<IncidentRecord | undefined> {
  const binds = new Binds();
  const run = `id = ${binds.add(id)}${runId === undefined ? '' : ` AND run_id = ${binds.add(runId)}`}`;
  const [row] = await db.query({
    sql: `SELECT ${COLUMNS} FROM incidents WHERE ${run} ORDER BY opened_at_ms DESC, run_id DESC LIMIT 1`,
    binds: binds.values,
  });
  return row && fromRow(row);
}

/** A page from `limit + 1` records: the extra one only tells that there are more. */
export function pageOf<T>(
  records: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): Page<T> {
  const items = records.slice(0, limit);
  const last = items.at(-1);
  return { items, next: records.length > limit && last ? cursorOf(last) : undefined };
}
