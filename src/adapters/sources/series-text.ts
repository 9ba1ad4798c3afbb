/** Bytes of the exposition grammar. */
const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const EQUALS = 61;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const COLON = 58;
const UNDERSCORE = 95;

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function isNameStart(byte: number): boolean {
  const lower = byte | 32;
  return (lower >= 97 && lower <= 122) || byte === UNDERSCORE || byte === COLON;
}

/** 1 for the bytes that may follow in a name, and no byte outside of 0 to 255 is one. */
const NAME_PART = Uint8Array.from({ length: 256 }, (_, byte) =>
  isNameStart(byte) || (byte >= 48 && byte <= 57) ? 1 : 0,
);

function skipBlanks(body: Buffer, at: number): number {
  let p = at;
  while (isBlank(body[p])) p += 1;
  return p;
}

/** Index after the closing quote of the string that opens at `at`, or -1 when it does not close on its line. */
function skipString(body: Buffer, at: number, end: number): number {
  for (let p = at + 1; p < end; p += 1) {
    const byte = body[p];
    if (byte === BACKSLASH) p += 1;
    else if (byte === QUOTE) return p + 1;
    else if (byte === NEWLINE) return -1;
  }
  return -1;
}

/**
 * Index after the series (`name`, `name{labels}` or `{"quoted name", labels}`) that starts at `at`,
 * or -1 where it breaks the format. Quotes and escapes are honoured: a label's value may hold
 * `} 1`, blanks, commas and braces.
 */
export function endOfSeries(body: Buffer, at: number, end: number): number {
  let p = at;
  if (isNameStart(body[p]!)) while (p < end && NAME_PART[body[p]!] === 1) p += 1;
  else if (body[p] !== OPEN) return -1;
  const brace = skipBlanks(body, p);
  if (body[brace] !== OPEN) return p;
  p = skipBlanks(body, brace + 1);
  while (p < end && body[p] !== CLOSE) {
    if (body[p] === QUOTE) {
      p = skipString(body, p, end);
      if (p === -1) return -1;
    } else {
      if (!isNameStart(body[p]!)) return -1;
      while (p < end && NAME_PART[body[p]!] === 1) p += 1;
    }
    p = skipBlanks(body, p);
    if (body[p] === EQUALS) {
      p = skipBlanks(body, p + 1);
      if (body[p] !== QUOTE) return -1;
      p = skipString(body, p, end);
      if (p === -1) return -1;
      p = skipBlanks(body, p);
    } else if (body[p] !== COMMA && body[p] !== CLOSE) return -1;
    if (body[p] === COMMA) p = skipBlanks(body, p + 1);
    else if (body[p] !== CLOSE) return -1;
  }
  return p < end ? p + 1 : -1;
}

const PART = /("(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:=\s*"((?:[^"\\]|\\.)*)")?/gs;

function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/gs, (whole, c: string) =>
    c === 'n' ? '\n' : c === '\\' || c === '"' ? c : whole,
  );
}

/**
 * Name and unescaped labels of a series text that `endOfSeries` has accepted. A name may stand
 * quoted inside the braces (UTF-8 names of Prometheus 3). An unknown escape is kept as written.
 */
export function parseSeries(text: string): { name: string; labels: ReadonlyMap<string, string> } {
  const brace = text.indexOf('{');
  if (brace === -1) return { name: text.trim(), labels: new Map() };
  let name = text.slice(0, brace).trim();
  const labels = new Map<string, string>();
  for (const [, key, value] of text.slice(brace + 1, text.lastIndexOf('}')).matchAll(PART)) {
    const bare = key!.startsWith('"') ? unescape(key!.slice(1, -1)) : key!;
    if (value === undefined) name = bare;
    else labels.set(bare, unescape(value));
  }
  return { name, labels };
}
