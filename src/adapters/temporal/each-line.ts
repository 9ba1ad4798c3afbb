import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** A line beyond this is cut: one runaway process must not fill the launcher's memory. */
const MAX_LINE_CHARACTERS = 1_000_000;

/** Calls `onLine` for each line of the stream, without its break; an unended last line counts. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
