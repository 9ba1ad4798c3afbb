import pg from 'pg';

/** Empties the archive's tables where they are: a database per test would take seconds each. */
export async function emptyTables(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ tables: string | null }>(
    `SELECT string_agg(tablename, ', ') AS tables FROM pg_tables
      WHERE schemaname = 'public' AND tablename <> 'schema_versions'`,
  );
  if (rows[0]?.tables) await client.query(`TRUNCATE ${rows[0].tables}`);
  await client.end();
}
