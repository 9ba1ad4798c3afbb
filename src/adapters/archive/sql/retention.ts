import { setImmediate as turn } from 'node:timers/promises';
import type { Deleted, Retention } from '../../../domain/archive.js';
import { checked, retentionSchema } from '../records.js';
import type { SqlDatabase, Statement } from './database.js';
import { RETIRED } from './statistics.js';

/** Small enough that the embedded database, which blocks its process, is done in some ten ms. */
const BATCH = 500;

/** Deletes what is older, oldest first, a batch at a time; other calls get their turn in between. */
export async function deleteOlderThan(db: SqlDatabase, retention: Retention): Promise<Deleted> {
  const r = checked(retentionSchema, 'retention', retention);
  return {
    incidents: await inBatches(db, r.incidentsBeforeMs, incidentBatch),
    reports: await inBatches(db, r.reportsBeforeMs, reportBatch),
    audit: await inBatches(db, r.auditBeforeMs, auditBatch),
    deliveries: await inBatches(db, r.deliveriesBeforeMs, deliveryBatch),
    alerts: await inBatches(db, r.alertsBeforeMs, alertBatch),
    calls: await inBatches(db, r.callsBeforeMs, callBatch),
  };
}

/** Repeats a batch, whose last statement deletes the records that count, until one is not full. */
async function inBatches(
  db: SqlDatabase,
  beforeMs: number | undefined,
  batch: (beforeMs: number) => readonly Statement[],
): Promise<number> {
  if (beforeMs === undefined) return 0;
  let deleted = 0;
  for (;;) {
    const changes = (await db.write(batch(beforeMs))).at(-1) ?? 0;
    deleted += changes;
    if (changes < BATCH) return deleted;
    await turn();
  }
}

function incidentBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT id, run_id FROM incidents WHERE resolved_at_ms < $1
    ORDER BY resolved_at_ms, id, run_id LIMIT ${BATCH}`;
  // Lines written after their incident was forgotten have no incident to go with.
  const orphans = (table: string, time: string) =>
    `DELETE FROM ${table} WHERE ${time} < $1 AND NOT EXISTS (SELECT 1 FROM incidents
      WHERE incidents.id = ${table}.incident_id AND incidents.run_id = ${table}.run_id)`;
  return [
    retire(
      `'${RETIRED.violation}', severity, violation_type`,
      `incidents WHERE (id, run_id) IN (${old})`,
    ),
    retire(
      `'${RETIRED.recovery}', COALESCE(procedure_name, ''), outcome`,
      `incidents WHERE outcome IS NOT NULL AND (id, run_id) IN (${old})`,
    ),
    `DELETE FROM timeline WHERE (incident_id, run_id) IN (${old})`,
    `DELETE FROM forensics WHERE (incident_id, run_id) IN (${old})`,
    orphans('timeline', 'at_ms'),
    orphans('forensics', 'stored_at_ms'),
    `DELETE FROM incidents WHERE (id, run_id) IN (${old})`,
  ].map((sql) => ({ sql, binds: [beforeMs] }));
}

function reportBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT id FROM reports WHERE created_at_ms < $1 ORDER BY created_at_ms, id LIMIT ${BATCH}`;
  return [
    retire(`'${RETIRED.report}', '', ''`, `reports WHERE id IN (${old})`),
    `DELETE FROM recommendations WHERE report_id IN (${old})`,
    'DELETE FROM changes WHERE at_ms < $1',
    'DELETE FROM drills WHERE at_ms < $1',
    `DELETE FROM reports WHERE id IN (${old})`,
  ].map((sql) => ({ sql, binds: [beforeMs] }));
}

function auditBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT entry_key FROM audit WHERE at_ms < $1 ORDER BY at_ms, entry_key LIMIT ${BATCH}`;
  return [{ sql: `DELETE FROM audit WHERE entry_key IN (${old})`, binds: [beforeMs] }];
}

function deliveryBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT notification_id, channel FROM deliveries WHERE at_ms < $1
    ORDER BY at_ms, notification_id, channel LIMIT ${BATCH}`;
  const sql = `DELETE FROM deliveries WHERE (notification_id, channel) IN (${old})`;
  return [{ sql, binds: [beforeMs] }];
}

function alertBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT id FROM alerts WHERE at_ms < $1 ORDER BY at_ms, id LIMIT ${BATCH}`;
  return [
    retire(`'${RETIRED.alert}', '', ''`, `alerts WHERE state = 'sent' AND id IN (${old})`),
    `DELETE FROM alerts WHERE id IN (${old})`,
  ].map((sql) => ({ sql, binds: [beforeMs] }));
}

function callBatch(beforeMs: number): readonly Statement[] {
  const old = `SELECT id FROM calls WHERE at_ms < $1 ORDER BY at_ms, id LIMIT ${BATCH}`;
  return [{ sql: `DELETE FROM calls WHERE id IN (${old})`, binds: [beforeMs] }];
}

/** Adds the counts of what is about to go to the totals. */
function retire(names: string, fromWhere: string): string {
  return `INSERT INTO retired_totals (kind, a, b, total)
    SELECT ${names}, COUNT(*) FROM ${fromWhere} GROUP BY 1, 2, 3
    ON CONFLICT (kind, a, b) DO UPDATE SET total = retired_totals.total + excluded.total`;
}
