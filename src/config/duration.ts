import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A length of time as the config writes it: `500ms`, `30s`, `5m`, `1h`, `7d`; whole milliseconds. */
export const duration = z
  .string('expected a duration like "2m"')
  .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)$/, 'expected a duration like "2m"')
  .transform((text) => {
    const unit = text.replace(/^\d+/, '');
    return Number.parseInt(text, 10) * (UNIT_MS[unit] ?? Number.NaN);
  });

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
