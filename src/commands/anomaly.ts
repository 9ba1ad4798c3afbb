import { createAnomalyState, scoreAnomaly } from '../domain/sla/anomaly/anomaly-state.js';

/** Bytes of scores gathered before they are written. */
const WRITE_BYTES = 64 * 1024;

/** `YYYY-MM-DD HH:MM:SS[.f]`, with a space or `T`, and no offset: read as UTC. */
const PLAIN_TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?$/;
/** Spellings of a sample that was not measured; it scores 0. */
const MISSING = new Set(['', 'nan', 'null', 'na', 'n/a', 'none', 'inf', '-inf', '+inf']);

/**
 * `paramedic anomaly`: reads `timestamp,value` lines (a header first) and writes one score in [0, 1] per
 * data line, in order, as the lines come.
 *
 * Timestamps: `YYYY-MM-DD HH:MM:SS[.f]` (UTC), ISO 8601, or Unix seconds. Values: decimal numbers; a
 * missing one (empty, NaN, an infinity) scores 0. Empty lines at the end are ignored. Rejects with an
 * `Error` that names the line for anything else; scores before it have been written.
 */
export async function runAnomaly(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<void> {
  const state = createAnomalyState();
  let line = 0;
  let emptyLine = 0;
  let rest = '';
  let scores = '';
  const take = (row: string): void => {
    line++;
    if (row.trim() === '') {
      emptyLine ||= line;
      return;
    }
    if (emptyLine > 0)
      throw new Error(`line ${emptyLine}: expected "timestamp,value", got an empty line`);
    if (line === 1) checkHeader(row);
    else scores += `${scoreRow(state, row, line)}\n`;
  };
  const flush = async (): Promise<void> => {
    const chunk = scores;
    scores = '';
    if (chunk !== '') await write(output, chunk);
  };

  input.setEncoding('utf8');
  try {
    for await (const chunk of input) {
      const text = rest + String(chunk);
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        take(text.slice(from, end));
        from = end + 1;
        if (scores.length >= WRITE_BYTES) await flush();
      }
      rest = text.slice(from);
      // What a live stream has brought so far must not wait for more.
      await flush();
    }
    if (rest !== '') take(rest);
    if (line === 0) throw new Error('line 1: expected the header "timestamp,value", got no input');
  } finally {
    await flush();
  }
}

function checkHeader(row: string): void {
  const columns = row
    .trim()
    .replace(/^\uFEFF/, '')
    .split(',');
  // A first line of data would be lost as a header, and all scores would be off by one line.
  if (columns.length < 2 || Number.isFinite(parseTimeMs(columns[0]!))) {
    throw new Error(`line 1: expected the header "timestamp,value", got "${row.trim()}"`);
  }
}

function scoreRow(state: ReturnType<typeof createAnomalyState>, row: string, line: number): number {
  const comma = row.indexOf(',');
  if (comma < 0) throw new Error(`line ${line}: expected "timestamp,value", got "${row.trim()}"`);
  const time = row.slice(0, comma).trim();
  const atMs = parseTimeMs(time);
  if (!Number.isFinite(atMs)) {
    throw new Error(
      `line ${line}: expected a time like "2026-01-31 08:00:00" or Unix seconds, got "${time}"`,
    );
  }
  const text = row.slice(comma + 1).trim();
  const value = text === '' ? NaN : Number(text);
  if (Number.isNaN(value) && !MISSING.has(text.toLowerCase())) {
    throw new Error(`line ${line}: expected a number, got "${text}"`);
  }
  return scoreAnomaly(state, atMs, value);
}

/** Unix milliseconds, or NaN for what is no time. */
function parseTimeMs(text: string): number {
  const plain = PLAIN_TIME.exec(text);
  if (plain) return plainTimeMs(plain);
  if (/^[+-]?\d+(\.\d*)?$/.test(text)) return Number(text) * 1000;
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
}

function plainTimeMs(parts: RegExpExecArray): number {
  const [, year, month, day, hour, minute, second = '0', fraction = '0'] = parts;
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  const midnightMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC turns February 30 into March 2.
  if (!isTime || new Date(midnightMs).getUTCDate() !== Number(day)) return NaN;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return midnightMs + 1000 * (seconds + Number(`0.${fraction}`));
}

/** Writes and waits where the reader is slower; rejects when the reader has gone. */
function write(output: NodeJS.WritableStream, chunk: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
