import { Pool, type Dispatcher } from 'undici';
import type { GatewayServer } from './gateway-server.js';

/** An answer, or the way in which there was none. */
export type UpstreamResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string;
      readonly body: Buffer;
    }
  /** No connection: the request was never sent, another server may have it. */
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'broken' };

/** Longest time for an answer, milliseconds; HAProxy's `timeout server`. */
const serverTimeoutMs = 10_000;

const notSentCodes = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH']);
const timeoutCodes = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function failureKind(error: Error): UpstreamResult {
  const code = 'code' in error ? String(error.code) : '';
  if (notSentCodes.has(code)) return { kind: 'not-sent' };
  return { kind: timeoutCodes.has(code) ? 'timeout' : 'broken' };
}

/** Connections kept alive to the servers, one pool for each address. */
export class Upstream {
  private readonly pools = new Map<string, Pool>();

  /**
   * Sends one request. `onStarted` receives the way to cut it, at once or when it is sent.
   * The dispatcher's own interface instead of its `request`: no stream is made per answer, which
   * halves the cost of the gateway.
   */
  send(
    server: GatewayServer,
    request: { readonly method: string; readonly path: string; readonly body: Buffer },
    headers: Record<string, string>,
    onStarted: (cut: () => void) => void,
  ): Promise<UpstreamResult> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let status = 0;
      let contentType = 'application/json';
      let wasCut = false;
      let controller: Dispatcher.DispatchController | undefined;
      onStarted(() => {
        wasCut = true;
        controller?.abort(new Error('cut'));
        resolve({ kind: 'broken' });
      });
      const options: Dispatcher.DispatchOptions = {
        path: request.path,
        method: request.method,
        headers,
        body: request.body.length === 0 ? null : request.body,
      };
      this.pool(server).dispatch(options, {
        onRequestStart: (started) => {
          controller = started;
          if (wasCut) started.abort(new Error('cut'));
        },
        onResponseStart: (_controller, code, responseHeaders) => {
          status = code;
          const type = responseHeaders['content-type'];
          if (typeof type === 'string') contentType = type;
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () =>
          resolve({ kind: 'answer', status, contentType, body: Buffer.concat(chunks) }),
        onResponseError: (_controller, error) => resolve(failureKind(error)),
      });
    });
  }

  private pool(server: GatewayServer): Pool {
    const origin = `http://${server.address}:${server.port}`;
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        pipelining: 1,
        keepAliveTimeout: 30_000,
        headersTimeout: serverTimeoutMs,
        bodyTimeout: serverTimeoutMs,
        connect: { timeout: 1000 },
      });
      this.pools.set(origin, pool);
    }
    return pool;
  }
}
