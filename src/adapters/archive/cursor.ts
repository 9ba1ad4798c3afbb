import { AdapterError } from '../../domain/ports.js';

/** Where a page ended: the sort key of its last record, an instant first, then names that make it unique. */
export type Position = readonly [atMs: number, ...names: string[]];

/** An opaque cursor of that position. */
export function encodeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * The position of a cursor with so many names.
 *
 * @throws AdapterError `rejected` if it is not one that `encodeCursor` made for the same kind of page.
 */
export function decodeCursor(cursor: string, names: number): Position {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (cause) {
    throw refusal(cursor, cause);
  }
  if (!Array.isArray(parsed) || parsed.length !== names + 1) throw refusal(cursor);
  const [atMs, ...rest] = parsed as unknown[];
  if (!Number.isSafeInteger(atMs)) throw refusal(cursor);
  const texts = rest.filter((part) => typeof part === 'string');
  if (texts.length !== names) throw refusal(cursor);
  return [atMs as number, ...texts];
}

function refusal(cursor: string, cause?: unknown): AdapterError {
  return new AdapterError(
    'rejected',
    `archive: cursor "${cursor.slice(0, 80)}" is not one that a page returned; leave it out to start from the newest`,
    { cause },
  );
}
