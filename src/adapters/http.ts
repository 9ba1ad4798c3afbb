import { Agent, errors, request, type Dispatcher } from 'undici';
import { AdapterError, type AdapterErrorReason } from '../domain/ports.js';

/** One call over HTTP. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string, which is sent as it is. */
  readonly body?: unknown;
  /** The longest that the whole call may take, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** The longest reply that is read; 4 MiB unless told. */
  readonly maxBytes?: number;
}

/** A complete reply, whatever its status. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Certificates and connections of one other side. */
export type HttpAgentOptions = Pick<Agent.Options, 'connect'>;

/** A pool for one adapter; close it with its adapter. Redirects are never followed. */
export function createHttpAgent(options: HttpAgentOptions = {}): Agent {
  // An idle connection is dropped before servers' usual 5 s, so none is used while it closes.
  return new Agent({ ...options, keepAliveTimeout: 4_000, pipelining: 1 });
}

/** The URL without user, password and query, for messages and logs. */
function redactUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function reasonOf(error: unknown): AdapterErrorReason {
  if (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    (error instanceof Error && error.name === 'TimeoutError')
  ) {
    return 'timeout';
  }
  return 'unreachable';
}

async function readText(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new AdapterError('rejected', `the reply exceeds ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Makes one call and reads its whole reply; any status is a reply.
 *
 * @throws AdapterError `timeout` (the other side may have acted), `unreachable` (no connection, or
 * it broke), `rejected` (the reply is larger than `maxBytes`).
 */
export async function httpCall(agent: Agent, call: HttpCall): Promise<HttpReply> {
  const { method, url, timeoutMs, body } = call;
  const isJson = body !== undefined && typeof body !== 'string';
  try {
    const response = await request(url, {
      dispatcher: agent,
      method,
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...call.headers },
      body: isJson ? JSON.stringify(body) : (body ?? null),
      // One deadline for all of it: a reply that trickles never trips the per-chunk timeouts.
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readText(response.body, call.maxBytes ?? DEFAULT_MAX_BYTES);
    return { status: response.statusCode, headers: response.headers, text };
  } catch (cause) {
    const what = `${method} ${redactUrl(url)}`;
    if (cause instanceof AdapterError) {
      throw new AdapterError(cause.reason, `${what}: ${cause.message}`, { cause });
    }
    const reason = reasonOf(cause);
    const problem =
      reason === 'timeout'
        ? `no complete reply within ${timeoutMs} ms`
        : cause instanceof Error
          ? cause.message
          : String(cause);
    throw new AdapterError(reason, `${what}: ${problem}`, { cause });
  }
}

/** What a status that is not a success means to us; 5xx may mend by itself, most 4xx do not. */
function reasonOfStatus(status: number): AdapterErrorReason {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  if (status === 408 || status === 504) return 'timeout';
  return status >= 500 ? 'unreachable' : 'rejected';
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110); undefined when absent or neither. */
function retryAfterMs({ headers }: HttpReply): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now());
}

/** The error for a reply that is not what was asked for, with the beginning of its text. */
export function statusError(
  call: Pick<HttpCall, 'method' | 'url'>,
  reply: HttpReply,
): AdapterError {
  const text = reply.text.trim().replace(/\s+/g, ' ').slice(0, 300);
  return new AdapterError(
    reasonOfStatus(reply.status),
    `${call.method} ${redactUrl(call.url)} answered ${reply.status}${text === '' ? '' : `: ${text}`}`,
    { retryAfterMs: retryAfterMs(reply) },
  );
}

/**
 * Makes one call, insists on 2xx, and returns the reply.
 *
 * @throws AdapterError as `httpCall`, and for any other status with the reason that it means.
 */
export async function httpExpectOk(agent: Agent, call: HttpCall): Promise<HttpReply> {
  const reply = await httpCall(agent, call);
  if (reply.status < 200 || reply.status > 299) throw statusError(call, reply);
  return reply;
}

/**
 * Parses a reply's JSON with `parse` (a schema's `parse`).
 *
 * @throws AdapterError `rejected` when it isn't JSON or has another shape: whoever answers there
 * is not what we think it is.
 */
export function parseReply<T>(
  call: Pick<HttpCall, 'method' | 'url'>,
  reply: HttpReply,
  parse: (value: unknown) => T,
): T {
  try {
    return parse(JSON.parse(reply.text));
  } catch (cause) {
    const start = reply.text.trim().replace(/\s+/g, ' ').slice(0, 120);
    throw new AdapterError(
      'rejected',
      `${call.method} ${redactUrl(call.url)}: unexpected reply: ${start === '' ? '(empty)' : start}`,
      { cause },
    );
  }
}
