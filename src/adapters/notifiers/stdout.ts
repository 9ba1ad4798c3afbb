import { z } from 'zod';
import { NOTIFICATION_KINDS } from '../../domain/notification.js';
import type { Notifier } from '../../domain/ports.js';
import type { NotifierKind } from './notifier.js';

const schema = z.strictObject({});

/**
 * One JSON object a line on standard output, with `notification: true` to tell it from the log's.
 * Written at once and whole; a repeat has the same `id`.
 */
export const stdout = {
  kind: 'stdout',
  schema,
  takes: NOTIFICATION_KINDS,
  create: (): Notifier => ({
    kind: 'stdout',
    deliver: (notification) =>
      new Promise((resolve, reject) => {
        const line = JSON.stringify({ notification: true, ...notification });
        process.stdout.write(`${line}\n`, (error) =>
          error ? reject(error) : resolve({ ref: undefined }),
        );
      }),
    close: () => Promise.resolve(),
  }),
} as const satisfies NotifierKind<typeof schema>;
