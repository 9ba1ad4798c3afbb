import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { libsqlArchive } from '../../../src/adapters/archive/libsql.js';
import { MIGRATIONS, pendingMigrations } from '../../../src/adapters/archive/sql/migrations.js';
import { archiveContract } from './archive-contract.js';
import { incidentRecord } from './records.js';

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

describe('the embedded archive', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'archive-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = (file: string) =>
    libsqlArchive.create({ kind: 'libsql', path: path.join(folder, file) });

  it('creates its folder, is for its owner only, and has its records when it is opened again', async () => {
    const first = await open('deep/er/a.db');
    await first.putIncident(incidentRecord());
    await first.close();
    expect((await stat(path.join(folder, 'deep/er/a.db'))).mode & 0o777).toBe(0o600);
    expect(await readdir(path.join(folder, 'deep/er'))).toEqual(['a.db']);
    const second = await open('deep/er/a.db');
    expect(await second.incident(incidentRecord().id)).toStrictEqual(incidentRecord());
    await second.close();
  });

  it('refuses calls after it was closed', async () => {
    const archive = await open('a.db');
    await archive.close();
    await expect(archive.statistics(0)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('closed') as string,
    });
  });

  it('refuses a file that is no database, and leaves it as it was', async () => {
    const file = path.join(folder, 'notes.txt');
    await writeFile(file, 'dear diary, '.repeat(200));
    await expect(open('notes.txt')).rejects.toMatchObject({ reason: 'rejected' });
    expect(await readFile(file, 'utf8')).toBe('dear diary, '.repeat(200));
  });

  it('refuses a file of a newer release', async () => {
    await (await open('a.db')).close();
    const raw = new Database(path.join(folder, 'a.db'));
    raw.exec('INSERT INTO schema_versions (version) VALUES (999)');
    raw.close();
    await expect(open('a.db')).rejects.toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(/version 999.*newer release/) as string,
    });
  });

  it('says which folder cannot be made', async () => {
    await writeFile(path.join(folder, 'plain'), '');
    await expect(open('plain/a.db')).rejects.toMatchObject({
      name: 'AdapterError',
      reason: 'unreachable',
      message: expect.stringContaining('plain') as string,
    });
  });
});

describe('migrations', () => {
  const step = (version: number) => ({ version, statements: [] });
  it.each([
    [0, [1, 2, 3]],
    [2, [3]],
    [3, []],
  ])('from version %i runs %j', (current, expected) => {
    const pending = pendingMigrations(current, [step(1), step(2), step(3)]);
    expect(pending.map((migration) => migration.version)).toEqual(expected);
  });

  it('has versions from 1 without gaps', () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(
      MIGRATIONS.map((_, i) => i + 1),
    );
  });
});
