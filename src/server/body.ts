import { Problem } from './problem.js';

/**
 * Reads a JSON body, at most `limit` bytes of it; an empty one is `{}`.
 *
 * @throws Problem 413 for a longer one, 400 for what is no JSON.
 */
export async function readBody(request: Request, limit: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) throw new Problem(413, 'Too large', `the body is over ${limit} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Problem(400, 'Not understood', 'the body is not JSON', { cause });
  }
}
