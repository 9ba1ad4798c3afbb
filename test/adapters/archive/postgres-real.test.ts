import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { postgresArchive } from '../../../src/adapters/archive/postgres.js';
import type { Archive } from '../../../src/domain/archive.js';
import { archiveContract } from './archive-contract.js';
import { PostgresServer, postgresBin } from './postgres-server.js';
import { emptyTables } from './postgres-tables.js';
import { incidentRecord } from './records.js';

const opened: Archive[] = [];

async function open(url: string, timeoutMs = 20_000): Promise<Archive> {
  const archive = await postgresArchive.create({
    kind: 'postgres',
    url,
    maxConnections: 4,
    timeoutMs,
  });
  opened.push(archive);
  return archive;
}

describe.skipIf(postgresBin === undefined)('a real Postgres (apt-get install postgresql)', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start(postgresBin ?? '');
  });
  afterEach(async () => {
    for (const archive of opened.splice(0)) await archive.close();
  });
  afterAll(() => server.stop());

  async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(server.url());
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  archiveContract('postgres', async () => {
    await emptyTables(server.url());
    const archive = await open(server.url());
    return { archive, dispose: () => archive.close() };
  });

  it('is migrated once by several processes that open it at the same time', async () => {
    await asAdmin(async (admin) => {
      await admin.query('DROP SCHEMA public CASCADE');
      await admin.query('CREATE SCHEMA public');
    });
    const archives = await Promise.all(Array.from({ length: 5 }, () => open(server.url())));
    await Promise.all(
      archives.map((archive, i) => archive.putIncident(incidentRecord({ revision: i + 1 }))),
    );
    expect((await archives[0]?.incident(incidentRecord().id))?.revision).toBe(5);
  });

  it('survives that its connections are cut, idle ones and ones in use', async () => {
    const archive = await open(server.url());
    await archive.putIncident(incidentRecord({ id: 'before' }));
    const cut = () =>
      asAdmin((admin) =>
        admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'paramedic'",
        ),
      );
    await cut();
    await archive.incident('before').catch(() => undefined);
    expect((await archive.incident('before'))?.id).toBe('before');
    const writes = Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => archive.putIncident(incidentRecord({ id: `w${i}` }))),
    );
    await cut();
    for (const [i, result] of (await writes).entries()) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ name: 'AdapterError', reason: 'unreachable' });
      } else {
        expect((await archive.incident(`w${i}`))?.id).toBe(`w${i}`);
      }
    }
  });

  it('has every acknowledged record after the server crashed', async () => {
    const archive = await open(server.url());
    await emptyTables(server.url());
    const acknowledged: string[] = [];
    const over = new AbortController();
    const writing = (async () => {
      for (let i = 0; !over.signal.aborted; i++) {
        const id = `crash-${i}`;
        await archive.putIncident(incidentRecord({ id })).then(
          () => acknowledged.push(id),
          () => undefined,
        );
      }
    })();
    while (acknowledged.length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.crash();
    over.abort();
    await writing;
    await expect(archive.statistics(0)).rejects.toMatchObject({ reason: 'unreachable' });
    await server.run();
    const { items } = await archive.incidents({ limit: 1000 });
    expect(items.map((r) => r.id)).toEqual(expect.arrayContaining(acknowledged));
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'unauthorized'],
    ['an unknown user', { user: 'nobody' }, 'unauthorized'],
    ['a database that is not there', { database: 'nowhere' }, 'not-found'],
  ])('says that it was %s, without the password', async (_, over, reason) => {
    const error = await open(server.url(over)).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'AdapterError', reason });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/hunter2|wrong/);
  });

  it('refuses a database of a newer release', async () => {
    await (await open(server.url())).close();
    await asAdmin((admin) => admin.query('INSERT INTO schema_versions (version) VALUES (999)'));
    try {
      await expect(open(server.url())).rejects.toMatchObject({
        reason: 'rejected',
        message: expect.stringMatching(/version 999.*newer release/) as string,
      });
    } finally {
      await asAdmin((admin) => admin.query('DELETE FROM schema_versions WHERE version = 999'));
    }
  });

  it('gives up on a statement that waits too long', async () => {
    const archive = await open(server.url(), 300);
    await asAdmin(async (admin) => {
      await admin.query('BEGIN');
      await admin.query('LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE');
      await expect(archive.putIncident(incidentRecord())).rejects.toMatchObject({
        reason: 'timeout',
      });
      await admin.query('ROLLBACK');
    });
    await archive.putIncident(incidentRecord());
  });
});

describe('a Postgres that is not there', () => {
  it('says where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await expect(open(`postgres://u:hunter2@127.0.0.1:${port}/d`)).rejects.toMatchObject({
      name: 'AdapterError',
      reason: 'unreachable',
      message: expect.not.stringContaining('hunter2') as string,
    });
  });

  it('gives up on one that never answers', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await expect(open(`postgres://u@127.0.0.1:${port}/d`, 200)).rejects.toMatchObject({
        reason: 'timeout',
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
