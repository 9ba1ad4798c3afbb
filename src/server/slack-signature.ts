import { isRecent, isSignature, isTimestamp } from './hmac.js';

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
  if (!isTimestamp(timestamp) || secret === '' || !isRecent(timestamp, nowMs)) return false;
  const given = headers.get('x-slack-signature') ?? '';
  return isSignature(given, { version: 'v0', secret, prefix: `v0:${timestamp}:`, body });
}
