/** One step of the schema; `version` counts from 1 without gaps. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/**
 * The schema, for SQLite and Postgres alike: BIGINT and DOUBLE PRECISION have integer and real
 * affinity in SQLite. A released migration never changes; a new one is appended.
 *
 * Instants are Unix milliseconds. `retired_totals` holds what retention deleted, so that totals over
 * all time never shrink: a counter seeded from smaller figures would look like a reset to Prometheus.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE incidents (
        id TEXT NOT NULL, run_id TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT,
        service TEXT NOT NULL, replica TEXT, threshold TEXT NOT NULL, metric TEXT NOT NULL,
        violation_type TEXT NOT NULL, severity TEXT NOT NULL, value DOUBLE PRECISION NOT NULL,
        limit_value DOUBLE PRECISION NOT NULL, unit TEXT NOT NULL, opened_at_ms BIGINT NOT NULL,
        resolved_at_ms BIGINT, procedure_name TEXT, probable_cause TEXT, revision BIGINT NOT NULL,
        PRIMARY KEY (id, run_id))`,
      'CREATE INDEX incidents_by_opening ON incidents (opened_at_ms, id, run_id)',
      'CREATE INDEX incidents_by_resolution ON incidents (resolved_at_ms)',
      `CREATE TABLE timeline (
        incident_id TEXT NOT NULL, run_id TEXT NOT NULL, sequence BIGINT NOT NULL,
        at_ms BIGINT NOT NULL, stage TEXT NOT NULL, line TEXT NOT NULL,
        PRIMARY KEY (incident_id, run_id, sequence))`,
      'CREATE INDEX timeline_by_time ON timeline (at_ms)',
      `CREATE TABLE reports (
        id TEXT NOT NULL PRIMARY KEY, incident_id TEXT NOT NULL, run_id TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL, probable_cause TEXT NOT NULL, body TEXT NOT NULL,
        markdown TEXT NOT NULL)`,
      'CREATE INDEX reports_by_incident ON reports (incident_id, run_id)',
      'CREATE INDEX reports_by_creation ON reports (created_at_ms, id)',
      `CREATE TABLE audit (
        entry_key TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, who TEXT NOT NULL,
        origin TEXT NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
        detail TEXT NOT NULL)`,
      'CREATE INDEX audit_by_time ON audit (at_ms, entry_key)',
      'CREATE INDEX audit_by_target ON audit (target, at_ms, entry_key)',
      `CREATE TABLE forensics (
        incident_id TEXT NOT NULL, run_id TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
        stored_at_ms BIGINT NOT NULL, PRIMARY KEY (incident_id, run_id, name))`,
      `CREATE TABLE retired_totals (
        kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, total BIGINT NOT NULL,
        PRIMARY KEY (kind, a, b))`,
    ],
  },
  {
    version: 2,
    statements: [
      `CREATE TABLE deliveries (
        notification_id TEXT NOT NULL, channel TEXT NOT NULL, incident_id TEXT,
        thread_key TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL,
        at_ms BIGINT NOT NULL, error TEXT, ref TEXT, instead_of TEXT,
        PRIMARY KEY (notification_id, channel))`,
      'CREATE INDEX deliveries_by_time ON deliveries (at_ms, notification_id, channel)',
      'CREATE INDEX deliveries_by_thread ON deliveries (thread_key, channel, at_ms)',
      'CREATE INDEX deliveries_by_incident ON deliveries (incident_id, at_ms)',
    ],
  },
  {
    version: 3,
    statements: [
      "ALTER TABLE reports ADD COLUMN service TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE reports ADD COLUMN category TEXT NOT NULL DEFAULT 'undetermined'",
      'ALTER TABLE reports ADD COLUMN likelihood DOUBLE PRECISION NOT NULL DEFAULT 0',
      'ALTER TABLE reports ADD COLUMN is_confident BIGINT NOT NULL DEFAULT 0',
      "ALTER TABLE reports ADD COLUMN features TEXT NOT NULL DEFAULT '[]'",
      'CREATE INDEX reports_by_service ON reports (service, created_at_ms, id)',
      `CREATE TABLE recommendations (
        id TEXT NOT NULL PRIMARY KEY, incident_id TEXT NOT NULL, report_id TEXT NOT NULL,
        line TEXT NOT NULL, category TEXT NOT NULL, priority TEXT NOT NULL, state TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL, decided_by TEXT, reason TEXT, decided_at_ms BIGINT)`,
      'CREATE INDEX recommendations_by_time ON recommendations (created_at_ms, id)',
      'CREATE INDEX recommendations_by_report ON recommendations (report_id)',
      `CREATE TABLE changes (
        id TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, service TEXT NOT NULL, replica TEXT,
        kind TEXT NOT NULL, summary TEXT NOT NULL, told_by TEXT NOT NULL)`,
      'CREATE INDEX changes_by_time ON changes (at_ms, id)',
      'CREATE INDEX changes_by_service ON changes (service, at_ms, id)',
      `CREATE TABLE drills (
        id TEXT NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL, fault TEXT NOT NULL,
        is_right BIGINT NOT NULL, body TEXT NOT NULL)`,
      'CREATE INDEX drills_by_time ON drills (at_ms, id)',
    ],
  },
  {
    version: 4,
    statements: [
      `CREATE TABLE alerts (
        id TEXT NOT NULL PRIMARY KEY, incident_id TEXT NOT NULL, run_id TEXT NOT NULL,
        service TEXT NOT NULL, replica TEXT, kind TEXT NOT NULL, severity TEXT NOT NULL,
        title TEXT NOT NULL, body TEXT NOT NULL, at_ms BIGINT NOT NULL, state TEXT NOT NULL,
        why TEXT NOT NULL, escalation_level BIGINT NOT NULL, acknowledged_by TEXT,
        revision BIGINT NOT NULL)`,
      'CREATE INDEX alerts_by_time ON alerts (at_ms, id)',
      'CREATE INDEX alerts_by_incident ON alerts (incident_id, at_ms, id)',
    ],
  },
  {
    version: 5,
    statements: [
      `CREATE TABLE calls (
        id TEXT NOT NULL PRIMARY KEY, request TEXT NOT NULL, claim TEXT NOT NULL,
        at_ms BIGINT NOT NULL, status BIGINT, content_type TEXT, body TEXT)`,
      'CREATE INDEX calls_by_time ON calls (at_ms, id)',
    ],
  },
];

/** Where the applied versions are written down. */
export const VERSIONS_TABLE =
  'CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)';

/**
 * The migrations that a database at version `current` still needs.
 *
 * @throws RangeError if a newer release wrote the database: this one would misread it.
 */
export function pendingMigrations(
  current: number,
  migrations: readonly Migration[] = MIGRATIONS,
): readonly Migration[] {
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new RangeError(
      `archive: the database has schema version ${current}, this release knows up to ${newest}; run the newer release, or restore a backup from before its upgrade`,
    );
  }
  return migrations.filter((migration) => migration.version > current);
}
