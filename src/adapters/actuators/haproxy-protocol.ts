import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import { Slots } from './slots.js';

/** How to reach a runtime API. */
export interface RuntimeEndpoint {
  /** Absolute path of a unix socket, or `host:port` (`[::1]:9999`). */
  readonly address: string;
  /** The longest that one command may take, connecting included. */
  readonly timeoutMs: number;
  /**
   * For how long a refused connection is tried again. Between the old process letting go of a
   * socket and the new one binding it, a reload refuses connections for some milliseconds.
   */
  readonly reloadGraceMs: number;
  readonly slots: Slots;
}

/** An endpoint with the connections that may be open to it at once. */
export function runtimeEndpoint(options: Omit<RuntimeEndpoint, 'slots'>): RuntimeEndpoint {
  return { ...options, slots: new Slots(MAX_CONNECTIONS) };
}

/**
 * HAProxy serves 10 runtime connections by default (`stats maxconn`) and lets further ones wait,
 * for seconds when they come in a burst (seen with 2.6 over TCP). Operators' own tools need some.
 */
const MAX_CONNECTIONS = 4;

/** 10,000 servers make about 2 MB of `show stat`; more than this is not a runtime API. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;

/** How long to wait before a refused connection is tried again: a reload takes tens of ms. */
const RECONNECT_MS = 50;

/**
 * Signs that a command never reached HAProxy, so that sending it again can't double it: nobody
 * listens (yet), or the old process closed the connection before it took anything from it.
 */
const NOT_SENT: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOENT', 'EAGAIN', 'EPIPE']);

/** HAProxy's plain-text errors that are not simply a refusal. */
const ERROR_REASONS: readonly (readonly [RegExp, AdapterErrorReason])[] = [
  [/^(No such|Can't find|Unknown map|Key not found|entry not found)/i, 'not-found'],
  [/^Permission denied/i, 'unauthorized'],
];

function connectOptions(address: string): net.NetConnectOpts {
  if (address.startsWith('/')) return { path: address };
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

/** One command over one connection: HAProxy answers, then closes. */
function exchange(endpoint: RuntimeEndpoint, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(connectOptions(endpoint.address));
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isConnected = false;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (reason: AdapterErrorReason, problem: string, cause?: unknown): void =>
      finish(() =>
        reject(
          new AdapterError(reason, `haproxy at ${endpoint.address}: "${command}": ${problem}`, {
            cause,
          }),
        ),
      );
    const timer = setTimeout(
      () =>
        fail(
          'timeout',
          isConnected
            ? `no complete reply within ${endpoint.timeoutMs} ms (${bytes} bytes came)`
            : `no connection within ${endpoint.timeoutMs} ms`,
        ),
      endpoint.timeoutMs,
    );
    socket.once('connect', () => {
      isConnected = true;
      // Not end(): HAProxy drops what it has not sent yet when the client half-closes.
      socket.write(`${command}\n`);
    });
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_REPLY_BYTES) fail('rejected', `the reply exceeds ${MAX_REPLY_BYTES} bytes`);
    });
    socket.once('end', () => finish(() => resolve(Buffer.concat(chunks).toString('utf8'))));
    socket.once('error', (error) => fail('unreachable', error.message, error));
  });
}

function wasNotSent(error: AdapterError): boolean {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && NOT_SENT.has(cause.code);
}

/** Tries again within the reload's grace whatever `mayRetry` allows. */
async function acrossReload<T>(
  endpoint: RuntimeEndpoint,
  mayRetry: (error: AdapterError) => boolean,
  call: () => Promise<T>,
): Promise<T> {
  const giveUpAtMs = Date.now() + endpoint.reloadGraceMs;
  for (;;) {
    try {
      return await endpoint.slots.run(call);
    } catch (error) {
      if (!(error instanceof AdapterError) || !mayRetry(error)) throw error;
      if (Date.now() + RECONNECT_MS > giveUpAtMs) throw error;
      await sleep(RECONNECT_MS);
    }
  }
}

function errorOf(endpoint: RuntimeEndpoint, command: string, reply: string): AdapterError {
  // One line of bounded length: an unknown command is answered by a page of suggestions.
  const text = reply.trim().replace(/\s+/g, ' ').slice(0, 300);
  const reason = ERROR_REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'rejected';
  return new AdapterError(
    reason,
    `haproxy at ${endpoint.address}: "${command}" was refused: ${text}`,
  );
}

function torn(endpoint: RuntimeEndpoint, command: string, reply: string): AdapterError {
  return new AdapterError(
    'unreachable',
    `haproxy at ${endpoint.address}: "${command}": the connection closed ` +
      (reply === ''
        ? 'without a reply'
        : `in the middle of the reply (${reply.length} characters)`),
  );
}

/**
 * Sends a command that changes something; success is an empty line, or `success` where the
 * command says what it did (`New server registered.`).
 *
 * @throws AdapterError `rejected`, `not-found` or `unauthorized` with HAProxy's reply in the
 * message; `timeout` and `unreachable` leave it open whether the command took effect.
 */
export async function runCommand(
  endpoint: RuntimeEndpoint,
  command: string,
  success?: string,
): Promise<void> {
  const reply = await acrossReload(endpoint, wasNotSent, () => exchange(endpoint, command));
  const text = reply.trim();
  if (reply === '') throw torn(endpoint, command, reply);
  if (text === '' || text === success) return;
  throw errorOf(endpoint, command, reply);
}

/**
 * Sends a command that lists something and returns its lines, without the empty one that ends
 * every complete list. `isRow` tells a line of the list from an error's text.
 *
 * @throws AdapterError as `runCommand`; a list without its end is `unreachable`, so that half a
 * backend is never taken for all of it.
 */
export async function readLines(
  endpoint: RuntimeEndpoint,
  command: string,
  isRow: (line: string) => boolean,
): Promise<readonly string[]> {
  // Reading changes nothing, so a connection that a reload cut is simply tried again.
  const isCut = (error: AdapterError): boolean => error.reason === 'unreachable';
  return acrossReload(endpoint, isCut, async () => {
    const reply = await exchange(endpoint, command);
    const lines = reply.split('\n').filter((line) => line !== '');
    if (lines.length > 0 && !lines.some((line) => isRow(line))) {
      throw errorOf(endpoint, command, reply);
    }
    if (reply !== '\n' && !reply.endsWith('\n\n')) throw torn(endpoint, command, reply);
    if (!lines.every((line) => isRow(line))) throw errorOf(endpoint, command, reply);
    return lines;
  });
}
