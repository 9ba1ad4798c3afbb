import { z } from 'zod';
import { LENGTH_OF_TIME, lengthMsOf, UNIT_MS } from '../domain/length-of-time.js';

/** A length of time as the config writes it: `500ms`, `30s`, `5m`, `1h`, `7d`; whole milliseconds. */
export const duration = z
  .string('expected a duration like "2m"')
  .regex(LENGTH_OF_TIME, 'expected a duration like "2m"')
  .transform(lengthMsOf);

/** A duration that may be 0: `0s` switches off what it bounds. */
export const durationOrZero = z.union([z.literal('0s').transform(() => 0), duration], {
  error: 'expected a duration like "2m", or "0s"',
});

/** The same text for whole milliseconds, in the largest unit that needs no fraction; `0s` for 0. */
export function durationText(lengthMs: number): string {
  if (lengthMs === 0) return '0s';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const unitMs = UNIT_MS[unit] ?? Number.NaN;
    if (lengthMs % unitMs === 0) return `${lengthMs / unitMs}${unit}`;
  }
  return `${lengthMs}ms`;
}
