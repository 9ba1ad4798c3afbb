import { describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../src/domain/access.js';
import { addressOf, operationsOf, sampleOf, type Described, type Document } from './described.js';
import { INCIDENT, liveServer, type LiveServer } from './live-server.js';

/** Values that stand for something that is there, or that the schemas leave to other checks. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  getIncident: { id: INCIDENT.id },
  getIncidentReport: { id: INCIDENT.id },
  operateIncident: { id: INCIDENT.id },
  reportIncident: { idempotencyKey: 'k' },
  getThreshold: { name: 'request_latency_p95' },
  removeThreshold: { name: 'request_latency_p95' },
};
/** Bodies whose schemas leave more to the detector than they say. */
const BODIES: Readonly<Record<string, unknown>> = {
  reportIncident: {
    ...{ type: 'resource_exhaustion', severity: 'major', service: 'chat', idempotencyKey: 'k' },
  },
  setMode: { mode: 'maintenance', for: '1h', reason: 'a test' },
  addSilence: { matchers: [{ name: 'service', value: 'chat' }], reason: 'a test', for: '1h' },
  replaceThresholds: { thresholds: [{ metric: 'up', name: 'up', target: 1, window: '1m' }] },
  addThreshold: { metric: 'up', name: 'mine', target: 1, window: '1m' },
  setThreshold: { metric: 'up', name: 'sample', target: 1, window: '1m' },
};

async function documentOf({ url }: LiveServer): Promise<Document> {
  return (await (await fetch(`${url}/v1/openapi.json`)).json()) as Document;
}

/** The next lesser role; undefined below the least. */
const lesser = (role: Role): Role | undefined => ROLES[ROLES.indexOf(role) - 1];

async function call(
  server: LiveServer,
  document: Document,
  operation: Described,
  given: { readonly token?: string | undefined; readonly body?: string },
) {
  const address = addressOf(operation, document, KNOWN[operation.operationId] ?? {});
  const reply = await fetch(`${server.url}${address}`, {
    method: operation.method,
    ...(operation.requestBody === undefined ? {} : { body: given.body ?? '{}' }),
    headers: {
      'content-type': 'application/json',
      ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
    },
    signal: AbortSignal.timeout(20_000),
  });
  // Of a stream only its beginning: it has no end.
  const isStream = reply.headers.get('content-type') === 'text/event-stream';
  if (isStream) await reply.body?.cancel();
  const text = isStream ? '' : await reply.text();
  return { status: reply.status, headers: reply.headers, text };
}

function rightBody(operation: Described, document: Document): string {
  const schema = operation.requestBody?.content['application/json']?.schema ?? {};
  const known = KNOWN[operation.operationId] ?? {};
  return JSON.stringify(BODIES[operation.operationId] ?? sampleOf(schema, document, known));
}

// One server for each group, the operations one after the other: the table is the document’s own.
describe('every operation of the document', () => {
  it('refuses who shows no token, a wrong one, or one of a lesser role', async () => {
    const server = await liveServer();
    const document = await documentOf(server);
    const operations = operationsOf(document);
    expect(operations.length).toBeGreaterThan(15);
    for (const operation of operations) {
      const role = operation['x-required-role'];
      if (role === 'public') continue;
      const body = rightBody(operation, document);
      const stranger = await call(server, document, operation, { body });
      expect(stranger.status, operation.operationId).toBe(401);
      expect(stranger.headers.get('content-type')).toBe('application/problem+json');
      expect(stranger.headers.get('www-authenticate')).toMatch(/^Bearer/);
      const below = lesser(role);
      if (below === undefined) continue;
      const token = server.tokens[below];
      const weak = await call(server, document, operation, { token, body });
      expect(weak.status, operation.operationId).toBe(403);
      expect(weak.text, operation.operationId).toContain(role);
    }
    const [first] = operations.filter((one) => one['x-required-role'] === 'viewer');
    const wrong = await call(server, document, first!, { token: 'pmt_wrong' });
    expect(wrong.status).toBe(401);
    expect(server.errors).toEqual([]);
  }, 60_000);

  it('refuses a bad body with 400, and one that is too large with 413', async () => {
    const server = await liveServer();
    const document = await documentOf(server);
    const token = server.tokens.admin;
    const withBody = operationsOf(document).filter((one) => one.requestBody !== undefined);
    expect(withBody.length).toBeGreaterThan(5);
    for (const operation of withBody) {
      for (const body of ['[]', '7', 'no JSON', '{"__proto__":', '['.repeat(200)]) {
        const bad = await call(server, document, operation, { token, body });
        expect(bad.status, `${operation.operationId} ${body.slice(0, 20)}`).toBe(400);
        expect(JSON.parse(bad.text)).toMatchObject({ status: 400, title: 'Not understood' });
      }
      const limit = operation['x-body-limit-bytes'] ?? 0;
      expect(limit, operation.operationId).toBeGreaterThan(0);
      const body = JSON.stringify({ reason: 'x'.repeat(limit) });
      const large = await call(server, document, operation, { token, body });
      expect(large.status, operation.operationId).toBe(413);
    }
    expect(server.errors).toEqual([]);
  }, 60_000);

  it('answers a right call as it is documented', async () => {
    const server = await liveServer();
    const document = await documentOf(server);
    const audited = new Set<string>();
    for (const operation of operationsOf(document)) {
      const { operationId, method, responses } = operation;
      const role = operation['x-required-role'];
      // Its token is in the body.
      if (operationId === 'signIn') continue;
      const token = server.tokens[role === 'public' ? 'viewer' : role];
      const body = rightBody(operation, document);
      const { status, text, headers } = await call(server, document, operation, { token, body });
      const isFound = status < 300 || (operation.path.includes('{') && [404, 409].includes(status));
      expect(isFound, `${operationId}: ${status} ${text}`).toBe(true);
      if (status < 300) expect(Object.keys(responses), operationId).toContain(String(status));
      expect(headers.get('x-content-type-options'), operationId).toBe('nosniff');
      if (method !== 'GET') audited.add(operationId);
    }
    const { items } = await server.parts.archive.audit({ limit: 500 });
    expect(items.filter(({ outcome }) => outcome === 'accepted').length).toBeGreaterThan(5);
    expect(items.length).toBeGreaterThanOrEqual(audited.size);
    expect(server.errors).toEqual([]);
  }, 60_000);
});
