import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { AdapterError } from '../../domain/ports.js';
import { CLOSABLE } from './closed-channel.js';

/** Where a Temporal server is and how to be let in. */
export interface TemporalTarget {
  /** `host:port` of the gRPC front end. */
  readonly address: string;
  /** `true` for TLS with the system's authorities, or certificates of one's own; absent: plain. */
  readonly tls?: ConnectionOptions['tls'];
  /** Temporal Cloud's API key; implies TLS. Never logged, never part of an error. */
  readonly apiKey?: string | undefined;
}

/** How long to keep trying. */
export interface ConnectOptions {
  /** From now, in ms. Default 10 s: a dev server is ready in under one, a cluster's failover in a few. */
  readonly deadlineMs?: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal;
}

const DEFAULT_DEADLINE_MS = 10_000;
/** A local server comes up within a second, so a look each 50 ms loses nothing. */
const POLL_MS = 50;
/** One attempt's bound; `Connection.connect` to a dead port would otherwise sit out 10 s. */
const ATTEMPT_MS = 2_000;

/**
 * A client connection to a server that may still be starting.
 *
 * @throws AdapterError: `unreachable` after the deadline, `unauthorized` at once if the server
 * refuses the credentials; the signal's reason if that ends it.
 */
export function connectClient(
  target: TemporalTarget,
  options: ConnectOptions = {},
): Promise<Connection> {
  return untilConnected(target, options, (settings, attemptMs) =>
    Connection.connect({ ...settings, connectTimeout: attemptMs, plugins: [CLOSABLE] }),
  );
}

/**
 * The connection workers need; clients may use it as well, and then start workflows eagerly.
 *
 * @throws AdapterError: `unreachable` after the deadline, `unauthorized` at once if the server
 * refuses the credentials; the signal's reason if that ends it.
 */
export function connectWorker(
  target: TemporalTarget,
  options: ConnectOptions = {},
): Promise<NativeConnection> {
  return untilConnected(target, options, (settings) => NativeConnection.connect(settings));
}

interface ServerSettings {
  readonly address: string;
  readonly tls?: NonNullable<ConnectionOptions['tls']>;
  readonly apiKey?: string;
}

async function untilConnected<T>(
  target: TemporalTarget,
  { deadlineMs = DEFAULT_DEADLINE_MS, signal }: ConnectOptions,
  connect: (settings: ServerSettings, attemptMs: number) => Promise<T>,
): Promise<T> {
  const settings = serverSettings(target);
  const endAtMs = Date.now() + deadlineMs;
  for (;;) {
    const leftMs = endAtMs - Date.now();
    // The probe is cheap and sees a server the moment it listens; it only chooses the moment to
    // try, since a server behind a proxy can be had although its port can't be probed.
    await portOpens(target.address, Math.min(leftMs, 1_000), signal);
    try {
      return await connect(settings, Math.max(1, Math.min(ATTEMPT_MS, endAtMs - Date.now())));
    } catch (error) {
      if (isRefusal(error)) throw failure(target, 'unauthorized', 'refuses the credentials', error);
      signal?.throwIfAborted();
      if (Date.now() + POLL_MS >= endAtMs) {
        throw failure(target, 'unreachable', `gave no answer within ${deadlineMs} ms`, error);
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

function serverSettings({ address, tls, apiKey }: TemporalTarget): ServerSettings {
  return {
    address,
    ...(tls === undefined || tls === null ? {} : { tls }),
    // An empty key comes from an unset variable in the environment.
    ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
  };
}

function failure(
  { address }: TemporalTarget,
  reason: 'unreachable' | 'unauthorized',
  what: string,
  cause: unknown,
): AdapterError {
  return new AdapterError(
    reason,
    `Temporal at ${address} ${what}; check that it runs, and TEMPORAL_ADDRESS or temporal.address`,
    { cause },
  );
}

/** gRPC's UNAUTHENTICATED (16) and PERMISSION_DENIED (7): trying again can't help. */
function isRefusal(error: unknown): boolean {
  const text = String((error as { details?: unknown } | null)?.details ?? error);
  const code = (error as { code?: unknown } | null)?.code;
  return code === 16 || code === 7 || /\bUnauthenticated\b|\bPermissionDenied\b/i.test(text);
}

/** True as soon as something listens at `host:port`; false if nothing did for `waitMs`. */
async function portOpens(
  address: string,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const endAtMs = Date.now() + waitMs;
  while (!(await listens(address))) {
    if (Date.now() + POLL_MS >= endAtMs) return false;
    await sleep(POLL_MS, undefined, { signal });
  }
  return true;
}

function listens(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(address.slice(colon + 1)), timeout: 1_000 });
    const answer = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.on('connect', answer(true)).on('error', answer(false)).on('timeout', answer(false));
  });
}
