import { jsonReply, type ServiceReply, type ServiceRequest } from '../base/http-service.js';
import type { Backend, Selection } from './backend.js';
import { noServer, type GatewayMetrics } from './gateway-metrics.js';
import type { GatewayServer } from './gateway-server.js';
import type { Upstream, UpstreamResult } from './upstream.js';

/** How long a request may wait for a server below its limit; HAProxy's `timeout queue`. */
const queueTimeoutMs = 10_000;
/** Servers that one request may fail to connect to; HAProxy's `retries` with redispatch. */
const maxAttempts = 3;
/** What clients of an open circuit are told to wait, seconds. */
const retryAfterSeconds = '5';

interface Waiting {
  readonly tenant: string;
  readonly tried: ReadonlySet<GatewayServer>;
  readonly resolve: (server: GatewayServer | undefined) => void;
}

/** Headers that belong to one connection, not to the request. */
const hopByHop = new Set(['connection', 'host', 'content-length', 'transfer-encoding', 'expect']);

function forwardedHeaders(request: ServiceRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && !hopByHop.has(name)) headers[name] = value;
  }
  return headers;
}

const refusal = (
  status: number,
  message: string,
  headers: Record<string, string> = {},
): ServiceReply =>
  jsonReply(status, { error: { message, type: 'gateway', code: status } }, headers);

/** Takes requests, finds each a server or a place in the queue, and passes the answer back. */
export class Proxy {
  private readonly queue: Waiting[] = [];

  constructor(
    private readonly backend: Backend,
    private readonly upstream: Upstream,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Requests waiting for a server. */
  queued(): number {
    return this.queue.length;
  }

  /** Handles one request of a client. */
  async handle(request: ServiceRequest): Promise<ServiceReply> {
    const startedAtMs = performance.now();
    const header = request.headers['x-tenant'];
    const tenant = typeof header === 'string' ? header : '';
    this.metrics.recordArrival(tenant, request.body.length);
    const client = { isGone: false };
    request.onAbort(() => {
      client.isGone = true;
    });
    const admission = this.backend.admit(tenant);
    let served: { readonly server: string; readonly reply: ServiceReply };
    if (admission === 'rejected') {
      served = { server: noServer, reply: refusal(429, `tenant "${tenant}" is rejected`) };
    } else if (admission === 'circuit-open') {
      const headers = { 'retry-after': retryAfterSeconds };
      served = { server: noServer, reply: refusal(503, 'the circuit is open', headers) };
    } else {
      served = await this.forward(request, tenant, startedAtMs, client);
    }
    const { reply } = served;
    if (reply !== 'hang' && !client.isGone) {
      this.metrics.recordAnswer(served.server, reply.status, performance.now() - startedAtMs);
    }
    return reply;
  }

  /** Gives free servers to those who wait; to be called whenever one may have become usable. */
  serveQueue(): void {
    for (let index = 0; index < this.queue.length;) {
      const waiting = this.queue[index] as Waiting;
      const selection = this.backend.select(waiting.tenant, waiting.tried);
      if (selection.kind !== 'server') {
        index += 1;
        continue;
      }
      this.queue.splice(index, 1);
      // Taken here, before the waiting request runs again, so that nobody else gets the place.
      selection.server.sessions += 1;
      waiting.resolve(selection.server);
    }
  }

  private async forward(
    request: ServiceRequest,
    tenant: string,
    startedAtMs: number,
    client: Readonly<{ isGone: boolean }>,
  ): Promise<{ server: string; reply: ServiceReply }> {
    const tried = new Set<GatewayServer>();
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const server = await this.obtain(tenant, tried);
      if (server === undefined) break;
      if (client.isGone) {
        this.free(server);
        break;
      }
      const queueMs = performance.now() - startedAtMs;
      const result = await this.exchange(server, request);
      this.account(
        server,
        request,
        result,
        queueMs,
        performance.now() - startedAtMs,
        client.isGone,
      );
      if (result.kind !== 'not-sent') return { server: server.name, reply: replyFor(result) };
      tried.add(server);
    }
    const message = 'No server is available to handle this request.';
    return { server: noServer, reply: refusal(503, message) };
  }

  /** A server with its place already taken, at once or after waiting. */
  private obtain(
    tenant: string,
    tried: ReadonlySet<GatewayServer>,
  ): Promise<GatewayServer | undefined> | GatewayServer | undefined {
    const selection: Selection = this.backend.select(tenant, tried);
    if (selection.kind === 'none') return undefined;
    if (selection.kind === 'server') {
      selection.server.sessions += 1;
      return selection.server;
    }
    return new Promise((resolve) => {
      const waiting: Waiting = {
        tenant,
        tried,
        resolve: (server) => {
          clearTimeout(timer);
          resolve(server);
        },
      };
      const timer = setTimeout(() => {
        const index = this.queue.indexOf(waiting);
        if (index >= 0) this.queue.splice(index, 1);
        resolve(undefined);
      }, queueTimeoutMs);
      this.queue.push(waiting);
    });
  }

  private async exchange(server: GatewayServer, request: ServiceRequest): Promise<UpstreamResult> {
    server.counters.sessions += 1;
    server.counters.bytesIn += request.body.length;
    server.counters.mostSessions = Math.max(server.counters.mostSessions, server.sessions);
    let ownCut: (() => void) | undefined;
    try {
      return await this.upstream.send(server, request, forwardedHeaders(request), (cut) => {
        ownCut = cut;
        server.cuts.add(cut);
        request.onAbort(cut);
      });
    } finally {
      if (ownCut !== undefined) server.cuts.delete(ownCut);
      this.free(server);
    }
  }

  private free(server: GatewayServer): void {
    server.sessions -= 1;
    if (this.queue.length > 0) this.serveQueue();
  }

  private account(
    server: GatewayServer,
    request: ServiceRequest,
    result: UpstreamResult,
    queueMs: number,
    totalMs: number,
    isGone: boolean,
  ): void {
    const { counters } = server;
    if (result.kind === 'not-sent') {
      counters.connectErrors += 1;
      counters.retries += 1;
      return;
    }
    if (isGone) {
      counters.clientAborts += 1;
      return;
    }
    const reply = replyFor(result);
    if (reply === 'hang') return;
    const index = Math.floor(reply.status / 100);
    counters.responses[index] = (counters.responses[index] ?? 0) + 1;
    if (result.kind === 'answer') counters.bytesOut += result.body.length;
    else counters.serverAborts += 1;
    // HAProxy's swrate: an average over about the last 1,024 answers.
    const share = 1 / Math.min(1024, counters.sessions);
    counters.averageQueueMs += share * (queueMs - counters.averageQueueMs);
    counters.averageResponseMs += share * (totalMs - queueMs - counters.averageResponseMs);
  }
}

function replyFor(result: UpstreamResult): ServiceReply {
  switch (result.kind) {
    case 'answer':
      return { status: result.status, body: result.body, contentType: result.contentType };
    case 'timeout':
      return refusal(504, "The server didn't respond in time.");
    case 'broken':
    case 'not-sent':
      return refusal(502, 'The server returned an invalid or incomplete response.');
  }
}
