/** A recorded sample: a row of a CSV or JSON Lines file. */
export interface RecordedSample {
  readonly atMs: number;
  readonly metric: string;
  /** May be NaN or ±Inf, as Prometheus writes them: the evaluator counts such samples. */
  readonly value: number;
  readonly replica: string | undefined;
  readonly service: string | undefined;
}

/** A row that cannot be read. The message names what was expected, not the line: the reader adds it. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** Reads one line; undefined for a line without a sample (the CSV header, an empty line). */
export type LineReader = (line: string) => RecordedSample | undefined;

const COLUMNS = ['time', 'metric', 'value', 'replica', 'service'] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: readonly Column[] = ['time', 'metric', 'value'];

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);
/** ISO 8601 with a date at least; without an offset it is UTC, as recordings of machines are. */
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const OFFSET = /(Z|[+-]\d{2}:?\d{2})$/i;

/** A reader of CSV lines (RFC 4180, without line breaks in fields); the first line is the header. */
export function csvReader(): LineReader {
  let columns: ReadonlyMap<Column, number> | undefined;
  let width = 0;
  return (line) => {
    if (line.trim() === '') return undefined;
    const fields = splitCsv(line);
    if (columns === undefined) {
      columns = headerOf(fields);
      width = fields.length;
      return undefined;
    }
    if (fields.length !== width) {
      throw new RecordingError(`${fields.length} fields, but the header has ${width}`);
    }
    const at = (column: Column) => {
      const index = columns?.get(column);
      return index === undefined ? undefined : fields[index];
    };
    return sampleOf(at);
  };
}

/** A reader of JSON Lines: an object a line. NaN and Infinity, which Python writes, are understood. */
export function jsonLinesReader(): LineReader {
  return (line) => {
    if (line.trim() === '') return undefined;
    const row = parseObject(line);
    return sampleOf((column) => {
      const field = row[column];
      if (field === undefined || field === null) return undefined;
      if (typeof field === 'string' || typeof field === 'number') return String(field);
      throw new RecordingError(`${column}: expected a string or a number, got ${typeof field}`);
    });
  };
}

function sampleOf(at: (column: Column) => string | undefined): RecordedSample {
  const field = (column: Column): string => {
    const text = at(column)?.trim();
    if (text === undefined || text === '') throw new RecordingError(`${column}: missing`);
    return text;
  };
  const optional = (column: Column) => at(column)?.trim() || undefined;
  return {
    atMs: timeOf(field('time')),
    metric: field('metric'),
    value: valueOf(field('value')),
    replica: optional('replica'),
    service: optional('service'),
  };
}

function timeOf(text: string): number {
  if (NUMBER.test(text)) return Math.round(Number(text) * 1000);
  if (ISO.test(text)) {
    const iso = text.replace(' ', 'T').replace(',', '.');
    const hasClock = iso.includes('T');
    const atMs = Date.parse(!hasClock || OFFSET.test(iso.slice(10)) ? iso : `${iso}Z`);
    if (!Number.isNaN(atMs)) return atMs;
  }
  throw new RecordingError(`time: expected Unix seconds or ISO 8601, got "${text}"`);
}

function valueOf(text: string): number {
  const special = SPECIAL.get(text.toLowerCase());
  if (special !== undefined) return special;
  if (NUMBER.test(text)) return Number(text);
  throw new RecordingError(`value: expected a number, got "${text}"`);
}

function headerOf(fields: readonly string[]): ReadonlyMap<Column, number> {
  // A byte order mark, which spreadsheets write, is no part of the first name.
  const names = fields.map((name) =>
    name
      .replace(/^\uFEFF/, '')
      .trim()
      .toLowerCase(),
  );
  const missing = REQUIRED.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new RecordingError(
      `missing column ${missing.join(', ')}: the header must name time, metric, value, and may name replica, service`,
    );
  }
  return new Map(
    COLUMNS.filter((column) => names.includes(column)).map((column) => [
      column,
      names.indexOf(column),
    ]),
  );
}

function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') {
      const end = line.indexOf(',', at);
      fields.push(end < 0 ? line.slice(at) : line.slice(at, end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let field = '';
    let from = at + 1;
    for (;;) {
      const quote = line.indexOf('"', from);
      if (quote < 0) throw new RecordingError('a quote is not closed');
      field += line.slice(from, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      field += '"';
      from = at + 1;
    }
    fields.push(field);
    if (at >= line.length) return fields;
    if (line[at] !== ',') throw new RecordingError('text after a closing quote');
    at += 1;
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    const mended = line.replace(/(:\s*)(NaN|-?Infinity)(?=\s*[,}])/g, '$1"$2"');
    try {
      row = JSON.parse(mended);
    } catch {
      throw new RecordingError('expected a JSON object', { cause });
    }
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new RecordingError('expected a JSON object');
  }
  return row as Readonly<Record<string, unknown>>;
}
