import net from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationsOf, type Document } from './described.js';
import { liveServer } from './live-server.js';

/** Fixed, so that a failure comes back. */
const SEED = 2242;
const ANSWER_WITHIN_MS = 15_000;
/** What the detector tells the other roles; it has no document. */
const INTERNAL: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/internal/status'],
  ['GET', '/internal/history'],
  ['GET', '/internal/outlook'],
  ['GET', '/internal/thresholds'],
  ['POST', '/internal/thresholds'],
  ['PUT', '/internal/thresholds'],
  ['PUT', '/internal/thresholds/x'],
  ['DELETE', '/internal/thresholds/x'],
  ['POST', '/internal/thresholds/reload'],
  ['POST', '/internal/thresholds/x/accept'],
  ['POST', '/internal/measurements'],
  ['POST', '/internal/incidents'],
  ['POST', '/internal/alertmanager'],
];

const awkward = fc.constantFrom(
  ...[
    '',
    '__proto__',
    'constructor',
    'toString',
    '..',
    '../../etc/passwd',
    '%',
    '%00',
    '\0',
    '\r\n',
  ],
  ...['{}', '[]', 'null', '-1', '1e999', 'NaN', '2026-13-99', '💥', 'x'.repeat(2_000)],
);
const text = fc.oneof(awkward, fc.string({ maxLength: 40 }), fc.string({ unit: 'binary' }));
const names = fc.constantFrom(
  ...['metric', 'value', 'service', 'replica', 'time', 'status', 'type', 'severity', 'name'],
  ...['target', 'window', 'tolerance', 'thresholds', 'measurements', 'alerts', 'version', 'by'],
  ...['on', 'reason', 'keep', 'token', 'evidence', 'idempotencyKey', 'groupKey', '__proto__'],
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    ...[text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)],
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(names, text), tie('value'), { maxKeys: 6 }),
  ),
})).value;
const body = fc.oneof(
  json.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  json.map((value) => Buffer.from(JSON.stringify(value).slice(0, -1))),
);
const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'after', 'state'), text), text), {
  maxLength: 3,
});
const contentType = fc.constantFrom('application/json', 'text/plain', '', 'multipart/form-data');

async function send(
  url: string,
  method: string,
  given: { body?: Buffer; contentType?: string; token?: string },
): Promise<number> {
  const headers: Record<string, string> = {};
  if (given.contentType !== undefined && given.contentType !== '') {
    headers['content-type'] = given.contentType;
  }
  if (given.token !== undefined) headers['authorization'] = `Bearer ${given.token}`;
  const bytes = method === 'GET' ? undefined : given.body;
  const reply = await fetch(url, {
    method,
    headers,
    ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  // Of a stream only the beginning: it does not end.
  if (reply.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    await reply.body?.cancel();
  } else await reply.arrayBuffer();
  return reply.status;
}

/** Sends bytes, and resolves with what came back once the other side closes, or nothing came for long. */
function raw(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let reply = '';
    const end = () => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(300, end);
    socket.on('data', (chunk) => (reply += chunk.toString('latin1')));
    socket.on('error', end);
    socket.on('close', end);
    socket.write(bytes);
  });
}

describe('whatever is sent', () => {
  it('every operation answers, and never with 500', async () => {
    const server = await liveServer();
    const document = (await (await fetch(`${server.url}/v1/openapi.json`)).json()) as Document;
    for (const { operationId, path, method } of operationsOf(document)) {
      const call = fc.record({
        names: fc.array(text, { minLength: 3, maxLength: 3 }),
        query,
        body,
      });
      await fc.assert(
        fc.asyncProperty(call, contentType, async (given, type) => {
          let at = 0;
          const address = path.replaceAll(/\{\w+\}/g, () =>
            encodeURIComponent(given.names[at++] ?? ''),
          );
          const search = new URLSearchParams(given.query).toString();
          const url = `${server.url}${address}${search === '' ? '' : `?${search}`}`;
          const token = server.tokens.admin;
          const { body: bytes } = given;
          const status = await send(url, method, { body: bytes, contentType: type, token });
          expect(status, `${operationId} ${url}`).toBeLessThan(500);
        }),
        { numRuns: 15, seed: SEED },
      );
    }
    expect(server.errors).toEqual([]);
  }, 180_000);

  it('the detector answers, and says what it could not do', async () => {
    const server = await liveServer();
    const base = `http://127.0.0.1:${server.detectorPort}`;
    for (const [method, path] of INTERNAL) {
      await fc.assert(
        fc.asyncProperty(query, body, async (pairs, bytes) => {
          const search = new URLSearchParams(pairs).toString();
          const status = await send(`${base}${path}?${search}`, method, { body: bytes });
          expect(status, `${method} ${path}`).toBeLessThan(500);
        }),
        { numRuns: 15, seed: SEED },
      );
    }
    expect(server.errors).toEqual([]);
  }, 120_000);

  it('bytes on the socket close it or are refused, and others are served on', async () => {
    const server = await liveServer();
    const line = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      text.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)),
      text.map((host) => Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)),
      fc.constantFrom(
        ...[
          'POST /v1/kill-switch HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
          'POST /v1/kill-switch HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
          'POST /v1/kill-switch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
          'GET http://evil.example/v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n',
          'GET //evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n',
          'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
          'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
          'GET /v1/incidents HTTP/1.1\r\n\r\n',
          `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`,
        ].map((given) => Buffer.from(given)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(line, async (bytes) => {
        for (const port of [server.port, server.detectorPort]) {
          expect(await raw(port, bytes)).not.toMatch(/^HTTP\/1\.1 50[0-24-9]/);
        }
      }),
      { numRuns: 40, seed: SEED },
    );
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    expect(server.errors).toEqual([]);
  }, 120_000);
});
