import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import type { AuditRow, Evidence, IncidentRow, ReportRow, TimelineRow } from './evidence.js';

/** What people would look up later, read from the archive's file itself, after its owner has ended. */
export function readArchive(
  file: string,
): Pick<Evidence, 'incidents' | 'timeline' | 'reports' | 'audit'> {
  const db = new Database(file, { readonly: true });
  const all = <T>(sql: string) => db.prepare(sql).all() as T[];
  try {
    return {
      incidents: all<IncidentRow>(
        `SELECT id, run_id AS "runId", state, outcome, service, replica, procedure_name AS "procedure",
          opened_at_ms AS "openedAtMs", resolved_at_ms AS "resolvedAtMs" FROM incidents`,
      ),
      timeline: all<TimelineRow>(
        `SELECT incident_id AS "incidentId", run_id AS "runId", sequence, at_ms AS "atMs", stage, line
          FROM timeline`,
      ),
      reports: all<ReportRow>(`SELECT incident_id AS "incidentId", run_id AS "runId" FROM reports`),
      audit: all<AuditRow>('SELECT what, target, outcome FROM audit'),
    };
  } finally {
    db.close();
  }
}

/** Violations that the detector's log, its rotated files included, tells of. */
export function readViolations(dataDir: string): Evidence['violations'] {
  const folder = path.join(dataDir, 'log');
  return readdirSync(folder)
    .filter((name) => name.startsWith('detector.log'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .flatMap((line) => {
      if (!line.includes('violation opened')) return [];
      try {
        const { fingerprint, time } = JSON.parse(line) as { fingerprint: string; time: string };
        return [{ fingerprint, atMs: new Date(time).getTime() }];
      } catch {
        // Cut short by a kill or a full disk.
        return [];
      }
    });
}
