import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { libsqlArchive } from '../../../src/adapters/archive/libsql.js';
import { remoteArchive } from '../../../src/adapters/archive/remote.js';
import { serveArchive } from '../../../src/adapters/archive/serve.js';
import { archiveContract } from './archive-contract.js';
import { incidentRecord } from './records.js';

const servers: Server[] = [];

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

const connect = (url: string, timeoutMs = 20_000, token?: string) =>
  remoteArchive.create({ kind: 'remote', url, timeoutMs, token });

/** The mount as the server role does it: name from the path, JSON in and out. */
function mounted(handler: ReturnType<typeof serveArchive>, onRequest?: RequestListener) {
  return ((request, response) => {
    onRequest?.(request, response);
    if (response.writableEnded || response.destroyed) return;
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        void handler((request.url ?? '').split('/').at(-1) ?? '', body)
          .then((answer) => response.end(JSON.stringify(answer)))
          .catch(() => response.writeHead(500).end('internal error'));
      });
  }) satisfies RequestListener;
}

archiveContract('remote over libsql', async () => {
  const local = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
  const url = await listen(mounted(serveArchive(local)));
  const server = servers.at(-1);
  const archive = await connect(url);
  return {
    archive,
    dispose: async () => {
      await archive.close();
      if (server) await stop(server);
      await local.close();
    },
  };
});

describe('the remote archive', () => {
  afterEach(async () => {
    for (const server of servers.splice(0)) await stop(server);
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not-found'],
    [413, 'rejected'],
    [429, 'rate-limited'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [504, 'timeout'],
  ])('takes status %i as %s', async (status, reason) => {
    const archive = await connect(
      await listen((_, response) => response.writeHead(status).end('no')),
    );
    await expect(archive.statistics(0)).rejects.toMatchObject({ name: 'AdapterError', reason });
    await archive.close();
  });

  it.each([
    ['HTML', '<html>welcome</html>', /no JSON/],
    ['JSON of something else', '{"status":"healthy"}', /ok/],
    ['a result of another shape', '{"ok":true,"result":{"reports":"many"}}', /statistics/],
    ['nothing', '', /no JSON/],
  ])('refuses %s as an answer', async (_, text, words) => {
    const archive = await connect(await listen((__, response) => response.end(text)));
    await expect(archive.statistics(0)).rejects.toMatchObject({ reason: 'rejected' });
    await expect(archive.statistics(0)).rejects.toThrow(words);
    await archive.close();
  });

  it('gives up on a silent server, and on one that never ends', async () => {
    const silent = await connect(await listen(() => undefined), 100);
    await expect(silent.statistics(0)).rejects.toMatchObject({ reason: 'timeout' });
    await silent.close();
    const endless = await connect(await listen((_, response) => response.write('{"ok":true')), 100);
    await expect(endless.statistics(0)).rejects.toMatchObject({ reason: 'timeout' });
    await endless.close();
  });

  it('says where nobody listens', async () => {
    const url = await listen(() => undefined);
    await Promise.all(servers.splice(0).map(stop));
    const archive = await connect(url);
    await expect(archive.statistics(0)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining(url) as string,
    });
    await archive.close();
  });

  it('sends its token, and never tells it in an error', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end('who are you');
    });
    const archive = await connect(url, 20_000, 'hunter2');
    const error = await archive.statistics(0).catch((e: unknown) => e);
    expect(seen).toEqual(['Bearer hunter2']);
    expect(JSON.stringify([error, String(error)])).not.toContain('hunter2');
    await archive.close();
  });

  it('calls once more when the connection broke, and only once', async () => {
    const local = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    let broken = 1;
    let calls = 0;
    const url = await listen(
      mounted(serveArchive(local), (request) => {
        calls++;
        if (broken-- > 0) request.socket.destroy();
      }),
    );
    const archive = await connect(url);
    await archive.putIncident(incidentRecord());
    expect(calls).toBe(2);
    expect(await local.incident(incidentRecord().id)).toStrictEqual(incidentRecord());
    broken = 2;
    calls = 0;
    await expect(archive.statistics(0)).rejects.toMatchObject({ reason: 'unreachable' });
    expect(calls).toBe(2);
    await archive.close();
    await local.close();
  });

  it('keeps a base path', async () => {
    const paths: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      paths.push(request.url);
      response.end('{"ok":true,"result":[]}');
    });
    const archive = await connect(`${url}/paramedic/`);
    await archive.timeline('a', 'b');
    expect(paths).toEqual(['/paramedic/internal/archive/timeline']);
    await archive.close();
  });
});

describe('serveArchive', () => {
  it.each([
    ['dropTables', {}, /no operation "dropTables"/],
    ['constructor', {}, /no operation/],
    ['close', {}, /no operation/],
    ['putIncident', null, /putIncident/],
    ['putIncident', { ...incidentRecord(), severity: 'grave' }, /severity/],
    ['incidents', { limit: 'all' }, /limit/],
  ])('answers %s of %j with a refusal', async (operation, body, words) => {
    const local = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    const answer = await serveArchive(local)(operation, body);
    expect(answer).toMatchObject({
      ok: false,
      reason: 'rejected',
      message: expect.stringMatching(words) as string,
    });
    await local.close();
  });

  it('passes on why the archive behind it could not', async () => {
    const local = await libsqlArchive.create({ kind: 'libsql', path: ':memory:' });
    await local.close();
    expect(await serveArchive(local)('statistics', { sinceMs: 0 })).toMatchObject({
      ok: false,
      reason: 'unreachable',
    });
  });
});
