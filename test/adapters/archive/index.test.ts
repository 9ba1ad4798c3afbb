import { describe, expect, it } from 'vitest';
import {
  ARCHIVES,
  archiveSchema,
  createArchive,
  serveArchive,
} from '../../../src/adapters/archive/index.js';

describe('the archive section of the configuration', () => {
  it.each(Object.entries(ARCHIVES))('registers %s under its own kind', (name, plugin) => {
    expect(plugin.kind).toBe(name);
  });

  it.each([
    [{ kind: 'libsql' }, { kind: 'libsql', path: '.paramedic/archive.db' }],
    [
      { kind: 'postgres', url: 'postgresql://u@h/d' },
      { kind: 'postgres', url: 'postgresql://u@h/d', maxConnections: 4, timeoutMs: 10_000 },
    ],
    [{ kind: 'remote' }, { kind: 'remote', url: 'http://127.0.0.1:2242', timeoutMs: 10_000 }],
  ])('parses %j', (given, expected) => {
    expect(archiveSchema.parse(given)).toEqual(expected);
  });

  it.each([
    [{}, 'kind'],
    [{ kind: 'mongo' }, 'kind'],
    [{ kind: 'libsql', path: '' }, 'path'],
    [{ kind: 'libsql', pth: 'x' }, ''],
    [{ kind: 'postgres' }, 'url'],
    [{ kind: 'postgres', url: 'mysql://h/d' }, 'url'],
    [{ kind: 'postgres', url: 'postgres://h/d', maxConnections: 0 }, 'maxConnections'],
    [{ kind: 'remote', url: 'ftp://h' }, 'url'],
    [{ kind: 'remote', token: '' }, 'token'],
    [{ kind: 'remote', timeoutMs: 1.5 }, 'timeoutMs'],
  ])('refuses %j at %j', (given, path) => {
    const result = archiveSchema.safeParse(given);
    expect(result.error?.issues[0]?.path.join('.')).toBe(path);
  });

  it('opens what is configured', async () => {
    const archive = await createArchive(archiveSchema.parse({ kind: 'libsql', path: ':memory:' }));
    expect(await serveArchive(archive)('statistics', { sinceMs: 0 })).toMatchObject({ ok: true });
    await archive.close();
  });
});
