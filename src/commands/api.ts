import { loadConfig } from '../config/load.js';

/** The API, as commands use it. */
export interface Api {
  get(path: string): Promise<unknown>;
  /** The same for answers that are text. */
  text(path: string): Promise<string>;
  /** An answer without an end, which goes on until the signal. */
  stream(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>>;
  post(path: string, body: unknown): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}

interface Given {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The API answered, and said no. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 15_000;

/**
 * The API of the configuration’s server; PARAMEDIC_URL in the environment wins. PARAMEDIC_TOKEN is the
 * token to show, where one is needed.
 * Its calls throw an Error that says what was refused, or that nobody answers and what to do.
 */
export function apiOf(configPath: string): Api {
  const named = process.env['PARAMEDIC_URL'];
  const base = named !== undefined && named !== '' ? named : urlOf(configPath);
  const token = process.env['PARAMEDIC_TOKEN'] ?? '';
  const signedIn: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  const send = async (path: string, init: Given): Promise<Response> => {
    let reply: Response;
    try {
      reply = await fetch(new URL(path, base), {
        ...init,
        headers: {
          ...init.headers,
          'user-agent': 'paramedic-cli',
          ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...signedIn,
        },
        signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new Error(`${base} does not answer: is paramedic running? (npm start)`, { cause });
    }
    if (reply.ok) return reply;
    const body = (await reply.json().catch(() => undefined)) as { detail?: string } | undefined;
    throw new RefusedError(body?.detail ?? `${base} answered ${reply.status}`, reply.status);
  };
  const call = async (path: string, init: Given): Promise<unknown> =>
    (await send(path, init)).json();
  const write = (method: string, path: string, body: unknown) =>
    call(path, { method, body: JSON.stringify(body) });
  return {
    get: (path) => call(path, {}),
    stream: async (path, headers, signal) => {
      const { body } = await send(path, { headers, signal });
      if (body === null) throw new Error(`${base} answered ${path} with nothing`);
      return body;
    },
    text: async (path) => (await send(path, {})).text(),
    post: (path, body) => write('POST', path, body),
    put: (path, body) => write('PUT', path, body),
    delete: (path) => call(path, { method: 'DELETE' }),
  };
}

function urlOf(configPath: string): string {
  const { host, port } = loadConfig(configPath).server;
  return `http://${host}:${port}`;
}
