import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';
import { libsqlArchive } from './libsql.js';
import { postgresArchive } from './postgres.js';
import { remoteArchive } from './remote.js';

/** Every kind of archive, by its name in the configuration. */
export const ARCHIVES = {
  libsql: libsqlArchive,
  postgres: postgresArchive,
  remote: remoteArchive,
} as const;

/** The `archive` section: which kind, and that kind's own keys. */
export const archiveSchema = z.discriminatedUnion('kind', [
  libsqlArchive.schema,
  postgresArchive.schema,
  remoteArchive.schema,
]);
export type ArchiveConfig = z.output<typeof archiveSchema>;

/** Opens the archive that is configured; see the kinds for their errors. */
export function createArchive(config: ArchiveConfig): Promise<Archive> {
  switch (config.kind) {
    case 'libsql':
      return libsqlArchive.create(config);
    case 'postgres':
      return postgresArchive.create(config);
    case 'remote':
      return remoteArchive.create(config);
  }
}

export { serveArchive } from './serve.js';
