import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';

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
}

/** 10,000 servers make about 2 MB of `show stat`; more than this is not a runtime API. */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;

/** How long to wait before a refused connection is tried again: a reload takes tens of ms. */
const RECONNECT_MS = 50;

/** What a socket says when nobody listens (yet), which is safe to retry: nothing was sent. */
const REFUSALS: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOENT', 'EAGAIN']);

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

function isRefusal(error: unknown): boolean {
  const cause = error instanceof AdapterError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && REFUSALS.has(cause.code);
}

async function exchangeAcrossReload(endpoint: RuntimeEndpoint, command: string): Promise<string> {
  const giveUpAtMs = Date.now() + endpoint.reloadGraceMs;
  for (;;) {
    try {
      return await exchange(endpoint, command);
    } catch (error) {
      if (!isRefusal(error) || Date.now() + RECONNECT_MS > giveUpAtMs) throw error;
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
  const reply = await exchangeAcrossReload(endpoint, command);
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
  const reply = await exchangeAcrossReload(endpoint, command);
  const lines = reply.split('\n').filter((line) => line !== '');
  if (lines.length > 0 && !lines.some((line) => isRow(line))) {
    throw errorOf(endpoint, command, reply);
  }
  if (reply !== '\n' && !reply.endsWith('\n\n')) throw torn(endpoint, command, reply);
  if (!lines.every((line) => isRow(line))) throw errorOf(endpoint, command, reply);
  return lines;
}
