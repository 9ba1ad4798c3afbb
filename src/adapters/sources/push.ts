import { z } from 'zod';
import type { SliSample } from '../../domain/sla/samples.js';

/** Measurements of one request; a larger batch is refused as a whole. */
export const MAX_MEASUREMENTS = 10_000;
/** Numbers above this are milliseconds: as seconds they would lie after the year 5000. */
const LEAST_MILLISECONDS = 1e11;

const name = z.string().min(1).max(200);

/** An instant: ISO 8601, or Unix seconds (milliseconds above 1e11); output in milliseconds. */
export const instant = z.union(
  [
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    z
      .number()
      .nonnegative()
      .transform((n) => (n >= LEAST_MILLISECONDS ? n : n * 1000)),
  ],
  { error: 'expected an instant like "2026-11-24T08:00:00Z" or Unix seconds' },
);

/** One pushed measurement. Without `time` it counts as measured on arrival. */
const measurement = z.strictObject({
  metric: name,
  /** In the unit of the thresholds on this metric. */
  value: z.number(),
  service: name.optional(),
  replica: name.optional(),
  time: instant.optional(),
  demandPerSecond: z.number().nonnegative().optional(),
});

/** The body of `POST /v1/measurements`. Its items are checked one by one, see `acceptMeasurements`. */
const measurementBatch = z.strictObject({
  measurements: z.array(z.unknown()).max(MAX_MEASUREMENTS),
});

/** What a batch gives: samples, and why which items are none. */
export type AcceptedBatch =
  | { readonly status: 'malformed'; readonly message: string }
  | {
      readonly status: 'read';
      readonly samples: readonly SliSample[];
      readonly rejected: readonly { readonly index: number; readonly message: string }[];
    };

/** What the receiver knows. */
export interface PushContext {
  /** For measurements that name no service; undefined where several are configured. */
  readonly defaultService: string | undefined;
  /** Others are rejected, so that a typo does not make a service of its own. Empty: any. */
  readonly services: ReadonlySet<string>;
  readonly nowMs: number;
}

/** Reads a batch: one bad item rejects itself, not the others. */
export function acceptMeasurements(body: unknown, context: PushContext): AcceptedBatch {
  const batch = measurementBatch.safeParse(body);
  if (!batch.success) return { status: 'malformed', message: explain(batch.error) };
  const samples: SliSample[] = [];
  const rejected: { index: number; message: string }[] = [];
  batch.data.measurements.forEach((given, index) => {
    const item = measurement.safeParse(given);
    if (!item.success) {
      rejected.push({ index, message: explain(item.error) });
      return;
    }
    const { metric, value, replica, time, demandPerSecond } = item.data;
    const service = item.data.service ?? context.defaultService;
    if (service === undefined) {
      rejected.push({ index, message: 'service: expected one, since several are configured' });
    } else if (context.services.size > 0 && !context.services.has(service)) {
      const known = [...context.services].join(', ');
      rejected.push({ index, message: `service: "${service}" is none of ${known}` });
    } else {
      const atMs = time ?? context.nowMs;
      samples.push({ metric, service, replica, atMs, value, demandPerSecond });
    }
  });
  return { status: 'read', samples, rejected };
}

function explain(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
