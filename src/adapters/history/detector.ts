import { z } from 'zod';
import { AdapterError, type HistoryQuery, type SeriesPoints } from '../../domain/ports.js';
import { duration } from '../actuators/settings.js';
import { HttpReader } from '../sources/http-reader.js';
import { promqlHeaders, promqlServer } from '../sources/promql.js';
import { COLUMNS_TYPE, decodeColumns } from './columns.js';
import type { HistoryKind } from './history.js';

/** An hour of a thousand series at 1 s. */
const BODY_LIMIT = 128 * 1024 * 1024;

const schema = z.strictObject({
  ...promqlServer.shape,
  timeout: duration.prefault('10s'),
});

/** The query that `GET /internal/history` is asked with; `metrics` is a comma-separated list. */
export const historyQuery = z.object({
  service: z.string().min(1),
  replica: z.string().min(1).optional(),
  metrics: z
    .string()
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .optional(),
  fromMs: z.coerce.number(),
  toMs: z.coerce.number(),
});

/** The columns of a detector in another process, over its internal API. */
export const detectorHistory: HistoryKind<typeof schema> = {
  kind: 'detector',
  schema,
  create(settings) {
    const timeoutMs = settings.timeout;
    const reader = new HttpReader(() => 4, timeoutMs);
    const headers = promqlHeaders(settings);
    return {
      async range(query: HistoryQuery): Promise<readonly SeriesPoints[]> {
        const url = new URL('/internal/history', settings.url);
        url.search = searchOf(query);
        const body = await reader.get({
          ...{ url, timeoutMs, bodyLimit: BODY_LIMIT },
          headers: { ...(await headers()), accept: COLUMNS_TYPE },
        });
        try {
          return decodeColumns(body.buffer.subarray(0, body.length));
        } catch (cause) {
          throw new AdapterError('rejected', 'the detector answered with no history', { cause });
        } finally {
          body.release();
        }
      },
      close: () => reader.close(),
    };
  },
};

function searchOf({ service, replica, metrics, fromMs, toMs }: HistoryQuery): string {
  const search = new URLSearchParams({ service, fromMs: String(fromMs), toMs: String(toMs) });
  if (replica !== undefined) search.set('replica', replica);
  if (metrics !== undefined) search.set('metrics', metrics.join(','));
  return search.toString();
}
