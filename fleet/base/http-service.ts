import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** One request with its whole body read. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Runs the callback when the client goes away before the answer. */
  onAbort(callback: () => void): void;
}

/** What to answer. `hang` keeps the connection open and never answers. */
export type ServiceReply =
  | {
      readonly status: number;
      readonly body: string | Buffer;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | 'hang';

/** Answers one request; a rejection becomes a 500 with its message. */
export type ServiceHandler = (request: ServiceRequest) => ServiceReply | Promise<ServiceReply>;

/** A JSON reply. `undefined` fields are left out. */
export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): ServiceReply {
  return { status, body: JSON.stringify(value), contentType: 'application/json', headers };
}

/** A reply of plain text. */
export function textReply(status: number, body: string, contentType = 'text/plain'): ServiceReply {
  return { status, body, contentType };
}

/** The largest body read; a prompt of a noisy tenant has about 32 kB. */
const maxBodyBytes = 2_000_000;

function send(response: ServerResponse, reply: ServiceReply): void {
  if (reply === 'hang' || response.destroyed) return;
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    ...reply.headers,
  });
  response.end(reply.body);
}

function serve(incoming: IncomingMessage, response: ServerResponse, handler: ServiceHandler): void {
  const chunks: Buffer[] = [];
  let size = 0;
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBodyBytes) chunks.push(chunk);
  });
  incoming.on('end', () => {
    if (size > maxBodyBytes) {
      send(response, jsonReply(413, { error: `body exceeds ${maxBodyBytes} bytes` }));
      return;
    }
    const [path = '/', search = ''] = (incoming.url ?? '/').split('?', 2);
    const request: ServiceRequest = {
      method: incoming.method ?? 'GET',
      path,
      query: new URLSearchParams(search),
      headers: incoming.headers,
      body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
      onAbort: (callback) =>
        response.once('close', () => {
          if (!response.writableFinished) callback();
        }),
    };
    Promise.resolve()
      .then(() => handler(request))
      .then(
        (reply) => send(response, reply),
        (error: unknown) =>
          send(
            response,
            jsonReply(500, { error: error instanceof Error ? error.message : String(error) }),
          ),
      );
  });
}

/** An HTTP server around one handler. It does not listen yet. */
export function createHttpService(handler: ServiceHandler): Server {
  const server = createServer((incoming, response) => serve(incoming, response, handler));
  // Longer than any pool's idle time, so that the server never closes under a client's request.
  server.keepAliveTimeout = 65_000;
  return server;
}

/** The body as a JSON object, `{}` when empty, undefined when it is anything else. */
export function readJsonObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
