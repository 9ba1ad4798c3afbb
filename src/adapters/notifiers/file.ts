import { z } from 'zod';
import { NOTIFICATION_KINDS } from '../../domain/notification.js';
import { AdapterError, type Notifier } from '../../domain/ports.js';
import { RotatingLog } from '../rotating-log.js';
import type { NotifierKind } from './notifier.js';

const schema = z.strictObject({
  /** Its folder is created. */
  path: z.string().min(1),
  /** Size in bytes at which it is renamed to `PATH.1`. */
  maxBytes: z.int().min(1_000).default(8_000_000),
  /** Old files that are kept. */
  keep: z.int().min(1).max(1_000).default(4),
});

/** One JSON object a line, in a file that is rotated; a line is on its way to disk when it is delivered. */
export const file = {
  kind: 'file',
  schema,
  takes: NOTIFICATION_KINDS,
  create({ path, maxBytes, keep }): Notifier {
    let log: RotatingLog | undefined;
    return {
      kind: 'file',
      deliver(notification) {
        // Async, so that a failure is a rejected promise.
        return Promise.resolve().then(() => {
          try {
            log ??= new RotatingLog(path, { maxBytes, keep });
            log.write(JSON.stringify(notification));
            return { ref: undefined };
          } catch (cause) {
            // Opened anew the next time: a full or unmounted disk may be back by then.
            log?.close();
            log = undefined;
            const words = cause instanceof Error ? cause.message : String(cause);
            throw new AdapterError('unreachable', `file ${path}: ${words}`, { cause });
          }
        });
      },
      close() {
        log?.close();
        log = undefined;
        return Promise.resolve();
      },
    };
  },
} as const satisfies NotifierKind<typeof schema>;
