import type { Logger } from 'pino';
import type { MonitorView } from '../domain/monitor/monitor-state.js';
import { readMonitor } from '../server/monitor-client.js';
import type { LaterClient } from './temporal-later.js';

const READ_EVERY_MS = 5_000;
const READ_WITHIN_MS = 2_000;
/** What was read longer ago is of before an outage. */
const FRESH_FOR_MS = 20_000;

/** The monitor's mode, maintenance and silences, as a process without a workflow knows them. */
export interface MonitorWatch {
  /** As last read, however long ago; undefined before the first time. */
  lastKnown(): MonitorView | undefined;
  /** The same, unless Temporal has been away since. */
  fresh(): MonitorView | undefined;
  stop(): void;
}

/** Reads it every few seconds; what can't be read stays as it was. */
export function watchMonitor(temporal: LaterClient, log: Logger): MonitorWatch {
  let view: MonitorView | undefined;
  let readAtMs = -Infinity;
  let isReading = false;
  const read = async () => {
    const client = temporal.get();
    const deadlineMs = Date.now() + READ_WITHIN_MS;
    view = await client.connection.withDeadline(deadlineMs, () => readMonitor(client));
    readAtMs = Date.now();
  };
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    read()
      .catch((error: unknown) => log.debug({ err: error }, 'the monitor could not be read'))
      .finally(() => {
        isReading = false;
      });
  }, READ_EVERY_MS);
  return {
    lastKnown: () => view,
    fresh: () => (Date.now() - readAtMs < FRESH_FOR_MS ? view : undefined),
    stop: () => clearInterval(timer),
  };
}
