import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's own advice: what is older may be a replay. */
export const SLACK_WINDOW_MS = 5 * 60_000;

/**
 * Whether Slack signed these bytes with that secret within the last five minutes: `v0=` and the hex
 * HMAC-SHA256 of `v0:timestamp:body` (Slack, "Verifying requests from Slack"). Compared in constant time.
 */
export function isSignedBySlack(
  headers: Headers,
  body: Buffer,
  secret: string,
  nowMs: number,
): boolean {
  const timestamp = headers.get('x-slack-request-timestamp') ?? '';
  const given = Buffer.from(headers.get('x-slack-signature') ?? '');
  if (!/^\d{1,12}$/.test(timestamp) || secret === '') return false;
  if (Math.abs(nowMs - Number(timestamp) * 1000) > SLACK_WINDOW_MS) return false;
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body);
  const expected = Buffer.from(`v0=${hmac.digest('hex')}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
