import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { libsqlArchive } from '../../../src/adapters/archive/libsql.js';
import { archiveContract } from './archive-contract.js';

archiveContract('libsql', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'archive-'));
  const archive = await libsqlArchive.create({ kind: 'libsql', path: path.join(folder, 'a.db') });
  return {
    archive,
    dispose: async () => {
      await archive.close();
      await rm(folder, { recursive: true });
    },
  };
});
