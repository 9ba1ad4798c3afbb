import { createReadStream } from 'node:fs';

import {
  csvReader,
  jsonLinesReader,
  RecordingError,
  type LineReader,
  type RecordedSample,
} from './recording-line.js';

/** A line is at most so long: more is no sample, but a file of another kind. */
const MOST_LINE_CHARS = 1 << 20;

/**
 * Calls `take` for every sample of a CSV or JSON Lines file, in the file's order; which of the two it
 * is shows in its first character. Reads it as a stream. Throws RecordingError
 * (`samples.csv:12: value: expected a number, got "x"`) for a bad row, a missing column or an empty
 * file, and what `take` throws.
 */
export async function readRecording(
  path: string,
  take: (sample: RecordedSample) => Promise<unknown> | undefined,
): Promise<void> {
  let reader: LineReader | undefined;
  let lineNumber = 0;
  const readLine = (line: string): RecordedSample | undefined => {
    lineNumber += 1;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (reader === undefined && text.trim() !== '') {
      reader = /^\uFEFF?\s*\{/.test(text) ? jsonLinesReader() : csvReader();
    }
    try {
      return reader?.(lineNumber === 1 ? text.replace(/^\uFEFF/, '') : text);
    } catch (cause) {
      if (!(cause instanceof RecordingError)) throw cause;
      throw new RecordingError(`${path}:${lineNumber}: ${cause.message}`, { cause });
    }
  };

  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const text = rest + String(chunk);
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      const sample = readLine(text.slice(from, end));
      from = end + 1;
      if (sample === undefined) continue;
      const pause = take(sample);
      if (pause !== undefined) await pause;
    }
    rest = text.slice(from);
    if (rest.length > MOST_LINE_CHARS) {
      throw new RecordingError(`${path}:${lineNumber + 1}: the line is longer than 1 MiB`);
    }
  }
  const last = readLine(rest);
  if (last !== undefined) await take(last);
  if (reader === undefined) throw new RecordingError(`${path}:1: the file is empty`);
}
