import type { ForensicsRecord, TimelineEntry } from '../../../domain/archive.js';
import { z } from 'zod';
import {
  checked,
  forensicsRecordSchema,
  forensicsSchema,
  timelineEntrySchema,
} from '../records.js';
import { Binds, type SqlDatabase, type Statement } from './database.js';

/** Six binds each: far below the 32,766 that SQLite takes in one statement. */
const ENTRIES_PER_STATEMENT = 500;

/** Writes lines of timelines, all or none; one that is there already stays as it was. */
export async function putTimeline(
  db: SqlDatabase,
  entries: readonly TimelineEntry[],
): Promise<void> {
  const valid = checked(z.array(timelineEntrySchema), 'timeline', entries);
  const statements: Statement[] = [];
  for (let from = 0; from < valid.length; from += ENTRIES_PER_STATEMENT) {
    const binds = new Binds();
    const rows = valid
      .slice(from, from + ENTRIES_PER_STATEMENT)
      .map((e) => binds.tuple([e.incidentId, e.runId, e.sequence, e.atMs, e.stage, e.text]));
    statements.push({
      sql: `INSERT INTO timeline (incident_id, run_id, sequence, at_ms, stage, line)
        VALUES ${rows.join(', ')} ON CONFLICT (incident_id, run_id, sequence) DO NOTHING`,
      binds: binds.values,
    });
  }
  if (statements.length > 0) await db.write(statements);
}

/** A run's timeline in its order. */
export async function timeline(
  db: SqlDatabase,
  incidentId: string,
  runId: string,
): Promise<readonly TimelineEntry[]> {
  const rows = await db.query({
    sql: `SELECT incident_id AS "incidentId", run_id AS "runId", sequence, at_ms AS "atMs", stage,
        line AS "text"
      FROM timeline WHERE incident_id = $1 AND run_id = $2 ORDER BY sequence`,
    binds: [incidentId, runId],
  });
  return rows.map((row) => checked(timelineEntrySchema, 'stored timeline', row));
}

/** Writes a captured text; a retried capture after the restart must not replace what was seen before it. */
export async function putForensics(
  db: SqlDatabase,
  record: { incidentId: string; runId: string; name: string; text: string },
  nowMs: number,
): Promise<void> {
  const f = checked(forensicsSchema, 'forensics', record);
  await db.write([
    {
      sql: `INSERT INTO forensics (incident_id, run_id, name, body, stored_at_ms)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident_id, run_id, name) DO NOTHING`,
      binds: [f.incidentId, f.runId, f.name, f.text, nowMs],
    },
  ]);
}

/** A run's captured texts by name. */
export async function forensics(
  db: SqlDatabase,
  incidentId: string,
  runId: string,
): Promise<readonly ForensicsRecord[]> {
  const rows = await db.query({
    sql: `SELECT name, body AS "text" FROM forensics
      WHERE incident_id = $1 AND run_id = $2 ORDER BY name`,
    binds: [incidentId, runId],
  });
  return rows.map((row) => checked(forensicsRecordSchema, 'stored forensics', row));
}
