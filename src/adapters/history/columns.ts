import { z } from 'zod';
import type { SeriesPoints } from '../../domain/ports.js';

/** Media type of series as columns. */
export const COLUMNS_TYPE = 'application/vnd.paramedic.columns';

const header = z.array(
  z.object({
    service: z.string(),
    replica: z.string().optional(),
    metric: z.string(),
    count: z.int().nonnegative(),
  }),
);
const LENGTH_BYTES = 4;
const VALUE_BYTES = 8;

/**
 * Series as bytes: an hour of the demo fleet at 1 s is 900,000 samples, which as JSON would hold up the
 * event loop of either side for most of a second.
 *
 * Little endian: length of the header (uint32), the header (JSON, an entry a series with its `count`), then
 * for each series its `count` instants and its `count` values (float64).
 */
export function encodeColumns(series: readonly SeriesPoints[]): Buffer<ArrayBuffer> {
  const entries = series.map(({ service, replica, metric, timesMs }) => ({
    ...{ service, replica, metric },
    count: timesMs.length,
  }));
  const head = Buffer.from(JSON.stringify(entries));
  const samples = entries.reduce((sum, { count }) => sum + count, 0);
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + head.length + 2 * VALUE_BYTES * samples);
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, LENGTH_BYTES);
  let at = LENGTH_BYTES + head.length;
  for (const { timesMs, values } of series) {
    for (const column of [timesMs, values]) {
      for (const value of column) at = bytes.writeDoubleLE(value, at);
    }
  }
  return bytes;
}

/** The series in bytes of `encodeColumns`. @throws Error where they are none, or end too early. */
export function decodeColumns(bytes: Buffer): SeriesPoints[] {
  const headLength = bytes.readUInt32LE();
  let at = LENGTH_BYTES + headLength;
  const entries = header.parse(JSON.parse(bytes.toString('utf8', LENGTH_BYTES, at)));
  const column = (count: number): number[] => {
    const values = new Array<number>(count);
    for (let i = 0; i < count; i++, at += VALUE_BYTES) values[i] = bytes.readDoubleLE(at);
    return values;
  };
  const samples = entries.reduce((sum, { count }) => sum + count, 0);
  if (at + 2 * VALUE_BYTES * samples !== bytes.length) throw new RangeError('not all samples came');
  return entries.map(({ count, service, replica, metric }) => ({
    ...{ service, replica, metric },
    timesMs: column(count),
    values: column(count),
  }));
}
