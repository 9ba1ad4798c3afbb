import type { Logger } from 'pino';
import type { Config } from '../config/schema.js';
import type { Archive, Deleted } from '../domain/archive.js';
import type { Running } from './role.js';

/** Often enough that a day's worth never piles up; a pass over nothing costs a few index look-ups. */
const EVERY_MS = 3_600_000;
/** Not while everything starts. */
const FIRST_AFTER_MS = 60_000;

/** Deletes once what is older than the configuration keeps. */
export function applyRetention(
  archive: Pick<Archive, 'deleteOlderThan'>,
  retention: Config['retention'],
  nowMs: number,
): Promise<Deleted> {
  const before = (keepMs: number) => (keepMs === 0 ? undefined : nowMs - keepMs);
  return archive.deleteOlderThan({
    incidentsBeforeMs: before(retention.incidents),
    reportsBeforeMs: before(retention.reports),
    auditBeforeMs: before(retention.audit),
    deliveriesBeforeMs: before(retention.alerts),
    alertsBeforeMs: before(retention.alerts),
    callsBeforeMs: before(retention.idempotencyKeys),
  });
}

/**
 * Applies the retention every hour, the first time a minute after the start. A pass that fails is
 * logged, and the next one does its work.
 */
export function startRetention(
  archive: Pick<Archive, 'deleteOlderThan'>,
  retention: Config['retention'],
  log: Logger,
): Running {
  let running: Promise<void> = Promise.resolve();
  const pass = async () => {
    try {
      const deleted = await applyRetention(archive, retention, Date.now());
      const isWork = Object.values(deleted).some((count: number) => count > 0);
      if (isWork) log.info({ deleted }, 'old records were deleted');
    } catch (error) {
      log.warn({ err: error }, 'old records could not be deleted; it is tried again in an hour');
    }
  };
  const run = () => void (running = running.then(pass));
  const first = setTimeout(run, FIRST_AFTER_MS);
  const every = setInterval(run, EVERY_MS);
  return {
    stop() {
      clearTimeout(first);
      clearInterval(every);
      return running;
    },
  };
}
