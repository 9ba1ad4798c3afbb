import { signal } from '@preact/signals';

const NAME_KEY = 'paramedic.name';
const TIMEOUT_MS = 15_000;

/** An answer that is no success: the server's own words, or why there was none. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Whether the server wants to know who asks, and does not. The session is a cookie that scripts can't read. */
export const isLocked = signal(false);
/** Server's clock minus ours, in ms: ages must not depend on a phone's clock. */
export const clockSkewMs = signal(0);

/** The operator's name, sent with what is ordered, where no token says who it is. */
export function operatorName(): string {
  return localStorage.getItem(NAME_KEY) ?? '';
}
/** Remembers the operator's name on this device. */
export function setOperatorName(name: string): void {
  localStorage.setItem(NAME_KEY, name);
}

/** GETs JSON. @throws ApiError */
export function get<T>(path: string): Promise<T> {
  return ask<T>(path, {});
}

/** Sends JSON; `key` makes a repeated send one order. @throws ApiError */
export function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object | undefined,
  key: string,
): Promise<T> {
  return ask<T>(path, {
    method,
    headers: {
      'idempotency-key': key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** A key for one order. `crypto.randomUUID` is there in secure contexts only. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let reply: Response;
  try {
    reply = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(
      0,
      isLate ? 'paramedic did not answer within 10 s' : 'paramedic is not reachable',
    );
  }
  if (reply.status === 401) isLocked.value = true;
  else if (reply.ok) isLocked.value = false;
  const date = Date.parse(reply.headers.get('date') ?? '');
  // The header has whole seconds: a skew below two of them is none.
  if (Number.isFinite(date)) {
    const skew = date - Date.now();
    clockSkewMs.value = Math.abs(skew) < 2_000 ? 0 : skew;
  }
  if (!reply.ok) throw new ApiError(reply.status, await problemOf(reply));
  if (reply.status === 204) return undefined as T;
  return (await reply.json()) as T;
}

async function problemOf(reply: Response): Promise<string> {
  try {
    const body = (await reply.json()) as { detail?: string; title?: string };
    return body.detail ?? body.title ?? `the server answered ${reply.status}`;
  } catch {
    return `the server answered ${reply.status}`;
  }
}
