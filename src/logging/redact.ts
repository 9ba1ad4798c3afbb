const REDACTED = '[redacted]';

/** Names that hold a secret whatever their value is; compared in lower case without `-` and `_`. */
const SECRET_NAMES = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'password',
  'passwd',
  'passphrase',
  'secret',
  'apikey',
  'privatekey',
  'routingkey',
  'integrationkey',
  'signingkey',
  'credentials',
]);

/** `slackToken`, `dbPassword`, `clientSecret`, `x-api-key`; but `timeToFirstToken: 0.2` is a number. */
const SECRET_ENDINGS = /(token|password|secret|apikey)$/;

/** Webhooks whose path is the credential. */
const SECRET_PATHS = /^(hooks\.slack\.com|discord(app)?\.com|.*\.webhook\.office\.com)$/;

/** Deeper than any record of ours; a log line is no place for more. */
const MAX_DEPTH = 8;

/**
 * The URL without what may be secret: credentials, query and fragment, and the path of webhooks that
 * are secret by their path. What is no URL comes back as it was.
 */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(url);
  if (match === null) return url;
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = match;
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const isSecretPath = SECRET_PATHS.test(host.replace(/:\d+$/, '').toLowerCase());
  return [
    scheme,
    at < 0 ? '' : `${REDACTED}@`,
    host,
    isSecretPath && path.length > 1 ? `/${REDACTED}` : path,
    query.length > 1 ? `?${REDACTED}` : query,
    fragment.length > 1 ? `#${REDACTED}` : fragment,
  ].join('');
}

/** The text with every URL in it redacted, and what follows `Bearer` or `Basic`. Safe on a line of JSON. */
export function redactText(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>\\`]+/gi, redactUrl)
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`);
}

/**
 * A copy of a line's fields, with values under secret names redacted at any depth, and made fit for
 * JSON: errors with type, message, stack, code and cause; bigints as text; cycles and what is nested
 * deeper than 8 levels cut.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return entriesOf(fields, []);
}

function redactValue(key: string, value: unknown, above: readonly object[]): unknown {
  if (isSecret(key, value)) return REDACTED;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) return '[circular]';
  if (above.length >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return errorOf(value, [...above, value]);
  if (Array.isArray(value)) {
    return value.map((item: unknown) => redactValue('', item, [...above, value]));
  }
  if (value instanceof Map) {
    const fields = Object.fromEntries(value as Map<PropertyKey, unknown>);
    return entriesOf(fields, [...above, value]);
  }
  if (value instanceof Set) return redactValue('', [...value], above);
  // Dates and what else knows its own JSON; binary data would be spelled out number by number.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json = (value.toJSON as (key: string) => unknown).call(value, key);
    return json === value ? '[circular]' : redactValue(key, json, [...above, value]);
  }
  return entriesOf(value as Record<string, unknown>, [...above, value]);
}

function entriesOf(
  fields: Record<string, unknown>,
  above: readonly object[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, redactValue(key, value, above)]),
  );
}

function errorOf(error: Error, above: readonly object[]): Record<string, unknown> {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(error.cause === undefined ? {} : { cause: redactValue('cause', error.cause, above) }),
    ...(error instanceof AggregateError
      ? { errors: redactValue('errors', error.errors, above) }
      : {}),
  };
}

function isSecret(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  const name = key.toLowerCase().replace(/[-_]/g, '');
  return SECRET_NAMES.has(name) || (typeof value === 'string' && SECRET_ENDINGS.test(name));
}
