import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { connectClient } from '../adapters/temporal/connection.js';
import type { Config } from '../config/schema.js';
import { AdapterError } from '../domain/ports.js';
import { temporalAccess } from './temporal-access.js';

const ATTEMPT_MS = 30_000;
/** Refused credentials are refused again; they may be mended on the server's side, though. */
const PAUSE_MS = 5_000;

/** A client that is connected as soon as the server can be had. */
export interface LaterClient {
  /** @throws AdapterError `unreachable` until then. */
  get(): Client;
  close(): Promise<void>;
}

/** Connects in the background, for as long as it takes: who uses it must not wait for Temporal. */
export function connectLater(config: Config, log: Logger): LaterClient {
  const ended = new AbortController();
  const { signal } = ended;
  // A function, since the flag changes while attempts are awaited.
  const isEnded = () => signal.aborted;
  let client: Client | undefined;
  const connecting = (async () => {
    while (!isEnded()) {
      try {
        const { target, dataConverter } = await temporalAccess(config);
        const connection = await connectClient(target, {
          deadlineMs: ATTEMPT_MS,
          signal,
        });
        client = new Client({ connection, namespace: config.temporal.namespace, dataConverter });
        return;
      } catch (error) {
        if (isEnded()) return;
        log.error({ err: error }, 'no connection to Temporal: detection goes on without incidents');
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  })();
  return {
    get() {
      if (client !== undefined) return client;
      throw new AdapterError('unreachable', 'Temporal has not been reached since the start');
    },
    async close() {
      ended.abort();
      await connecting;
      await client?.connection.close();
    },
  };
}
