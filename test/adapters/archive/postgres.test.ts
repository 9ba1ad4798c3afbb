import { afterAll, beforeAll } from 'vitest';
import pg from 'pg';
import { postgresArchive } from '../../../src/adapters/archive/postgres.js';
import { archiveContract } from './archive-contract.js';
import { startPglite, type PgliteServer } from './pglite-server.js';

let server: PgliteServer;
beforeAll(async () => {
  server = await startPglite();
});
afterAll(() => server.stop());

/** Empties the tables: starting a server per test would take 2 s each. */
async function reset(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ tables: string | null }>(
    `SELECT string_agg(tablename, ', ') AS tables FROM pg_tables
      WHERE schemaname = 'public' AND tablename <> 'schema_versions'`,
  );
  if (rows[0]?.tables) await client.query(`TRUNCATE ${rows[0].tables}`);
  await client.end();
}

archiveContract('postgres (PGlite)', async () => {
  await reset(server.url);
  const archive = await postgresArchive.create({
    kind: 'postgres',
    url: server.url,
    maxConnections: 1,
    timeoutMs: 20_000,
  });
  return { archive, dispose: () => archive.close() };
});
