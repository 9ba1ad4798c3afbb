import { Agent, errors, Pool, type Dispatcher } from 'undici';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';

/** The body is in `buffer[0, length)` until `release` is called. */
export interface HttpBody {
  readonly buffer: Buffer;
  readonly length: number;
  release(): void;
}

/** Settings of one request. */
export interface HttpAsk {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** From the call to the last byte. */
  readonly timeoutMs: number;
  /** A longer body is refused while it streams. */
  readonly bodyLimit: number;
}

const FIRST_BUFFER_BYTES = 64 * 1024;
/** Buffers kept for the next bodies; more are left to the collector. */
const POOLED_BUFFERS = 16;
/** Of an answer that is refused, for the message. */
const SHOWN_BYTES = 120;
/** Connections that Node's own server closes after 5 s idle are reopened then; others live this long. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Reads small bodies from many origins, each over a kept connection of its own (two targets of one
 * origin get two, so that one that hangs does not block the other). It dispatches without streams,
 * at half their cost, into pooled buffers.
 */
export class HttpReader {
  readonly #agent: Agent;
  readonly #free: Buffer[] = [];

  constructor(connectionsOf: (origin: string) => number, connectTimeoutMs: number) {
    this.#agent = new Agent({
      factory: (origin) =>
        new Pool(origin, {
          connections: Math.max(1, connectionsOf(String(origin))),
          pipelining: 1,
          connect: { timeout: connectTimeoutMs },
          keepAliveTimeout: KEEP_ALIVE_MS,
          keepAliveMaxTimeout: KEEP_ALIVE_MS,
          // The deadline of each request is our own: these would only restart with every byte.
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
    });
  }

  /**
   * GETs a body; only status 200 is a success.
   * @throws AdapterError `timeout`, `unreachable`, `rejected` (too long, another status), ...
   */
  async get(ask: HttpAsk): Promise<HttpBody> {
    const deadlineMs = performance.now() + ask.timeoutMs;
    try {
      return await this.#once(ask, ask.timeoutMs);
    } catch (error) {
      const leftMs = deadlineMs - performance.now();
      // The server may close a kept connection just when we use it; that is no failure of its own.
      if (!(error instanceof StaleConnection) || leftMs < 1) throw unwrap(error);
      return await this.#once(ask, leftMs).catch((again: unknown) => {
        throw unwrap(again);
      });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #once(ask: HttpAsk, timeoutMs: number): Promise<HttpBody> {
    return new Promise((resolve, reject) => {
      const { url, bodyLimit } = ask;
      let controller: Dispatcher.DispatchController | undefined;
      let failure: Error | undefined;
      let status = 0;
      let length = 0;
      let buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
      const release = (): void => {
        if (this.#free.length < POOLED_BUFFERS) this.#free.push(buffer);
      };
      const fail = (error: Error): void => {
        if (failure !== undefined) return;
        failure = error;
        clearTimeout(timer);
        controller?.abort(error);
        release();
        reject(error);
      };
      const timer = setTimeout(() => {
        const what = status === 0 ? 'no answer' : `${length} bytes of an answer`;
        fail(new AdapterError('timeout', `${what} within ${Math.round(ask.timeoutMs)} ms`));
      }, timeoutMs);
      const tooLong = (): void =>
        fail(new AdapterError('rejected', `body is longer than ${bodyLimit} bytes`));
      this.#agent.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'GET',
          headers: ask.headers,
        },
        {
          onRequestStart(given) {
            controller = given;
            if (failure !== undefined) given.abort(failure);
          },
          onResponseStart(_controller, code, headers) {
            status = code;
            if (Number(headers['content-length'] ?? 0) > bodyLimit) tooLong();
          },
          onResponseData(_controller, chunk) {
            if (failure !== undefined) return;
            if (length + chunk.length > bodyLimit) {
              tooLong();
              return;
            }
            if (length + chunk.length > buffer.length) {
              const wider = Buffer.allocUnsafeSlow(2 * (length + chunk.length));
              buffer.copy(wider, 0, 0, length);
              buffer = wider;
            }
            chunk.copy(buffer, length);
            length += chunk.length;
          },
          onResponseEnd() {
            if (failure !== undefined) return;
            clearTimeout(timer);
            if (status === 200) {
              resolve({ buffer, length, release });
              return;
            }
            const shown = buffer.toString('utf8', 0, Math.min(length, SHOWN_BYTES));
            fail(new AdapterError(reasonOf(status), `status ${status}: ${printable(shown)}`));
          },
          onResponseError(_controller, error) {
            if (error instanceof errors.SocketError && status === 0) {
              fail(new StaleConnection(error));
              return;
            }
            fail(connectionError(error));
          },
        },
      );
    });
  }
}

class StaleConnection extends Error {
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

function unwrap(error: unknown): unknown {
  return error instanceof StaleConnection ? connectionError(error.cause) : error;
}

function connectionError(error: Error): AdapterError {
  const code = 'code' in error ? String(error.code) : error.name;
  const reason = code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'unreachable';
  return new AdapterError(reason, `${code}: ${error.message}`, { cause: error });
}

function reasonOf(status: number): AdapterErrorReason {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unreachable' : 'rejected';
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').trim();
}
