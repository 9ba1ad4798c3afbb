import { afterAll, beforeAll } from 'vitest';
import { postgresArchive } from '../../../src/adapters/archive/postgres.js';
import { archiveContract } from './archive-contract.js';
import { startPglite, type PgliteServer } from './pglite-server.js';
import { emptyTables } from './postgres-tables.js';

let server: PgliteServer;
beforeAll(async () => {
  server = await startPglite();
});
afterAll(() => server.stop());

archiveContract('postgres (PGlite)', async () => {
  await emptyTables(server.url);
  const archive = await postgresArchive.create({
    kind: 'postgres',
    url: server.url,
    maxConnections: 1,
    timeoutMs: 20_000,
  });
  return { archive, dispose: () => archive.close() };
});
