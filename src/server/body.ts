import { Problem } from './problem.js';

/**
 * Reads a body, at most `limit` bytes of it.
 *
 * @throws Problem 413 for a longer one.
 */
export async function readBytes(request: Request, limit: number): Promise<Buffer> {
  const tooLarge = () => new Problem(413, 'Too large', `the body is over ${limit} bytes`);
  // Told beforehand: not one byte of it is read.
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Deeper JSON is no body of ours, and would overflow the stack of whoever walks through it. */
const MAX_DEPTH = 64;

/**
 * The JSON of a body; an empty one is `{}`.
 *
 * @throws Problem 400 for what is no JSON, or nested too deep.
 */
export function parseBody(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (text.trim() === '') return {};
  if (depthOf(bytes) > MAX_DEPTH) {
    const why = `the body is nested deeper than ${MAX_DEPTH} levels`;
    throw new Problem(400, 'Not understood', why);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Problem(400, 'Not understood', 'the body is not JSON', { cause });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`. */
const OPENING = new Set([0x5b, 0x7b]);
/** `]` and `}`. */
const CLOSING = new Set([0x5d, 0x7d]);

/** How deep the brackets outside of strings nest. */
function depthOf(bytes: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0;
    if (isInString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (OPENING.has(code)) deepest = Math.max(deepest, (depth += 1));
    else if (CLOSING.has(code)) depth -= 1;
  }
  return deepest;
}
