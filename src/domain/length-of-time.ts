/** Lengths of the units that people write, in ms. */
export const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A length of time as people write it: `500ms`, `30s`, `5m`, `1h`, `7d`. */
export const LENGTH_OF_TIME = /^[1-9]\d{0,8}(ms|s|m|h|d)$/;

/** Milliseconds of a text that matches `LENGTH_OF_TIME`; NaN for any other. */
export function lengthMsOf(text: string): number {
  if (!LENGTH_OF_TIME.test(text)) return Number.NaN;
  return Number.parseInt(text, 10) * (UNIT_MS[text.replace(/^\d+/, '')] ?? Number.NaN);
}
