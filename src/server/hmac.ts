import { createHmac, timingSafeEqual } from 'node:crypto';

/** What was signed longer ago may be a replay; clocks differ by less. Slack's own advice, too. */
export const SIGNED_WITHIN_MS = 5 * 60_000;

/** Whether text is a number of Unix seconds, as signed requests give their time. */
export function isTimestamp(text: string): boolean {
  return /^\d{1,12}$/.test(text);
}

/** Whether those Unix seconds are within five minutes of now, to either side. */
export function isRecent(timestamp: string, nowMs: number): boolean {
  return Math.abs(nowMs - Number(timestamp) * 1000) <= SIGNED_WITHIN_MS;
}

/**
 * Whether `given` is `version=` and the hex HMAC-SHA256 of `prefix` and then `body` under that secret;
 * compared in constant time.
 */
export function isSignature(
  given: string,
  {
    version,
    secret,
    prefix,
    body,
  }: Readonly<Record<'version' | 'secret' | 'prefix', string>> & {
    readonly body: Buffer;
  },
): boolean {
  const hmac = createHmac('sha256', secret).update(prefix).update(body);
  const [expected, got] = [Buffer.from(`${version}=${hmac.digest('hex')}`), Buffer.from(given)];
  return got.length === expected.length && timingSafeEqual(got, expected);
}
