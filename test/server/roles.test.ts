import { describe, expect, it, onTestFinished } from 'vitest';
import { createArchive, serveArchive } from '../../src/adapters/archive/index.js';
import { roleGuard } from '../../src/adapters/identity/role-guard.js';
import { createDetectorClient } from '../../src/server/detector-client.js';
import { INCIDENT, liveServer } from './live-server.js';

const TOKEN = 'shared by the roles';

/** Server and detector with one internal token, and tokens for people: as on more than one machine. */
async function guarded() {
  const taken: string[] = [];
  const own = await createArchive({ kind: 'libsql', path: ':memory:' });
  onTestFinished(() => own.close());
  const server = await liveServer(
    {
      archive: own,
      serveArchive: serveArchive(own),
      guardRole: roleGuard(TOKEN),
      takeMetrics: (name) => taken.push(name),
    },
    TOKEN,
  );
  return { ...server, taken };
}

/** The server's archive, as workers reach it. */
async function archiveAt(url: string, token: string | undefined) {
  const settings = { kind: 'remote', url, timeoutMs: 10_000 } as const;
  const archive = await createArchive(token === undefined ? settings : { ...settings, token });
  onTestFinished(() => archive.close());
  return archive;
}

describe('roles that share a token', () => {
  it('reach each other with it: the archive, the metrics, the detector', async () => {
    const { url, taken, tokens, errors } = await guarded();
    const archive = await archiveAt(url, TOKEN);
    expect(await archive.incident(INCIDENT.id)).toMatchObject({ id: INCIDENT.id });
    const sent = await fetch(`${url}/internal/metrics/worker-1`, {
      method: 'PUT',
      body: 'a 1\n',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(sent.status).toBe(204);
    expect(taken).toEqual(['worker-1']);
    // What the server answers comes from the detector.
    const asked = await fetch(`${url}/v1/thresholds`, {
      headers: { authorization: `Bearer ${tokens.viewer}` },
    });
    expect(asked.status).toBe(200);
    expect(errors).toEqual([]);
  });

  it.each([
    ['none', undefined],
    ['another', 'guessed'],
  ])('refuse who has %s', async (_, token) => {
    const { url, detectorPort, taken } = await guarded();
    const archive = await archiveAt(url, token);
    await expect(archive.incident(INCIDENT.id)).rejects.toMatchObject({ reason: 'unauthorized' });
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    const given = { method: 'PUT', body: 'a 1\n', headers };
    expect((await fetch(`${url}/internal/metrics/worker-1`, given)).status).toBe(401);
    expect(taken).toEqual([]);
    const detector = createDetectorClient(`http://127.0.0.1:${detectorPort}`, token);
    expect(await detector.status()).toBeUndefined();
  });

  it('refuse the tokens of people, and people the token of roles', async () => {
    const { url, tokens } = await guarded();
    const archive = await archiveAt(url, tokens.admin);
    await expect(archive.incident(INCIDENT.id)).rejects.toMatchObject({ reason: 'unauthorized' });
    const asked = await fetch(`${url}/v1/incidents`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(asked.status).toBe(401);
  });
});

describe('roles of one machine, without a token', () => {
  const ask = (headers: Readonly<Record<string, string>>) =>
    roleGuard(undefined)(new Request('http://127.0.0.1:2242/internal/x', { headers }));

  it('let in programs of that machine, and neither pages nor other names', () => {
    expect(ask({ host: '127.0.0.1:2242' })).toBeUndefined();
    expect(ask({ host: 'localhost' })).toBeUndefined();
    expect(ask({ host: 'paramedic.example.com' })?.status).toBe(403);
    expect(ask({ host: '127.0.0.1', origin: 'http://127.0.0.1' })?.status).toBe(403);
    expect(ask({ host: '127.0.0.1', 'sec-fetch-site': 'same-origin' })?.status).toBe(403);
  });
});
