/** Only what this server itself serves may run, be shown, or be called by its pages. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=()'],
  // State of production belongs into no cache.
  ['cache-control', 'no-store'],
];

/** A year, as browsers expect it of a site that means it. */
const STRICT_TRANSPORT = 'max-age=31536000';

/** Adds what browsers are told to forbid; what an answer says for itself stays. */
export function addSecurityHeaders(headers: Headers, isSecure: boolean): void {
  for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value);
  if (isSecure) headers.set('strict-transport-security', STRICT_TRANSPORT);
}
