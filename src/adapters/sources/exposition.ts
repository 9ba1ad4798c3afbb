import { endOfSeries } from './series-text.js';
import { parseDecimal } from './decimal.js';
import { faultAt, truncated } from './exposition-error.js';
import { ExpositionLayout } from './exposition-layout.js';
import { endOfLine } from './line-end.js';
import type { SeriesTable } from './series-table.js';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const HASH = 35;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const EXACT_MANTISSA = 2 ** 53;
const EXACT_EXPONENT = 22;
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Above this many bytes one native comparison is cheaper than a loop over words (measured: 256). */
const NATIVE_COMPARE_BYTES = 256;
/** How far ahead a line is looked for when others before it have vanished. */
const RESYNC_LINES = 4096;

/**
 * One parsed scrape. The arrays belong to the parser, are longer than `count`, and hold until its
 * next parse. `version` changes when a line was added, removed, renamed or moved, and only then.
 */
export interface Exposition {
  readonly count: number;
  readonly version: number;
  /** Of the series table, by position. */
  readonly ids: Int32Array;
  readonly values: Float64Array;
  /** Milliseconds as written after the value, NaN where none; undefined when no line has one. */
  readonly timestampsMs: Float64Array | undefined;
  /** `# TYPE` by metric family: `counter`, `gauge`, `histogram`, `summary`, ... */
  readonly types: ReadonlyMap<string, string>;
}

/**
 * Parser of the Prometheus text format for one target. It remembers the layout of the last scrape:
 * as a rule only the values have changed, so the bytes between two values are compared with what
 * they were, the number is read from its bytes, and no string is made. A line that differs costs one
 * look-up. OpenMetrics' `# EOF`, `_created` and exemplars are tolerated, CRLF and blank lines too.
 */
export class ExpositionParser {
  #layout = new ExpositionLayout();
  #values = new Float64Array(0);
  #timestampsMs: Float64Array | undefined;
  #epoch: number;
  #version = 0;

  constructor(private readonly table: SeriesTable) {
    this.#epoch = table.epoch;
  }

  /**
   * Parses `body[0, end)`. Atomic: after an error the layout is what it was.
   * @throws ExpositionError for garbage, a malformed line, or a last line without its end.
   */
  parse(body: Buffer, end: number = body.length): Exposition {
    if (this.table.epoch !== this.#epoch) {
      this.#layout = new ExpositionLayout();
      this.#epoch = this.table.epoch;
    }
    if (end > 0 && body[end - 1] !== NEWLINE && !endsWithEof(body, end)) throw truncated(body, end);
    this.#timestampsMs = undefined;
    this.#reserve(this.#layout.count);
    if (!this.#parseKnown(body, end)) this.#parseChanged(body, end);
    const { count, ids, types } = this.#layout;
    const timestampsMs = this.#timestampsMs;
    return { count, version: this.#version, ids, values: this.#values, timestampsMs, types };
  }

  /** The common path: every line is where it was. Returns false when one is not. */
  #parseKnown(body: Buffer, end: number): boolean {
    const { count, starts, lengths, arena, arenaView, tailStart, tailLength } = this.#layout;
    const values = this.#values;
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    let p = 0;
    for (let i = 0; i < count; i += 1) {
      const length = lengths[i]!;
      const start = starts[i]!;
      if (p + length >= end) return false;
      if (length <= NATIVE_COMPARE_BYTES) {
        // Two unaligned words at a time: twice as fast as Buffer.compare on lines of a hundred bytes.
        let k = 0;
        for (; k + 8 <= length; k += 8) {
          const differs =
            (view.getInt32(p + k, true) ^ arenaView.getInt32(start + k, true)) |
            (view.getInt32(p + k + 4, true) ^ arenaView.getInt32(start + k + 4, true));
          if (differs !== 0) return false;
        }
        for (; k < length; k += 1) if (body[p + k] !== arena[start + k]) return false;
      } else if (body.compare(arena, start, start + length, p, p + length) !== 0) return false;
      p += length;

      const first = p;
      let byte = body[p]!;
      const isNegative = byte === MINUS;
      if (isNegative) byte = body[++p]!;
      const digitsFrom = p;
      let mantissa = 0;
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        byte = body[++p]!;
      }
      let scale = 0;
      const hasDigits = p > digitsFrom;
      if (byte === DOT) {
        byte = body[++p]!;
        const fractionFrom = p;
        while (byte >= ZERO && byte <= NINE) {
          mantissa = mantissa * 10 + (byte - ZERO);
          byte = body[++p]!;
        }
        scale = p - fractionFrom;
      }
      if (byte === NEWLINE && hasDigits && mantissa < EXACT_MANTISSA && scale <= EXACT_EXPONENT) {
        const value = scale === 0 ? mantissa : mantissa / POWERS_OF_TEN[scale]!;
        values[i] = isNegative ? -value : value;
        p += 1;
      } else {
        p = this.#uncommonValue(body, first, end, i);
      }
    }
    return (
      end - p === tailLength && body.compare(arena, tailStart, tailStart + tailLength, p, end) === 0
    );
  }

  /** Reads value, timestamp and exemplar at `at` into position `i`; returns the next line's start. */
  #uncommonValue(body: Buffer, at: number, end: number, i: number): number {
    let stop = at;
    while (stop < end && body[stop]! > 32) stop += 1;
    const value = parseDecimal(body, at, stop);
    if (value === undefined) throw faultAt(body, at, end, 'a number after the series');
    this.#values[i] = value;
    if (body[stop] === NEWLINE) return stop + 1;
    if (body[stop] === CARRIAGE_RETURN && body[stop + 1] === NEWLINE) return stop + 2;
    const { next, timestampMs } = endOfLine(body, stop, end);
    if (timestampMs !== undefined) {
      this.#timestampsMs ??= new Float64Array(this.#values.length).fill(NaN);
      this.#timestampsMs[i] = timestampMs;
    }
    return next;
  }

  /** Some line is new, gone or moved: goes through all of them, by comparison while that holds. */
  #parseChanged(body: Buffer, end: number, isRetry = false): void {
    const old = this.#layout;
    const layout = old.successor(body, end);
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    this.#timestampsMs = undefined;
    let p = 0;
    let segment = 0;
    let expected = 0;
    while (p < end) {
      if (p === segment && expected < old.count && old.matches(expected, body, p, end)) {
        const i = layout.keep(old, expected);
        this.#reserve(layout.count);
        p = this.#uncommonValue(body, p + old.lengths[expected]!, end, i);
        segment = p;
        expected += 1;
        continue;
      }
      while (body[p] === 32 || body[p] === 9) p += 1;
      const byte = body[p]!;
      if (byte === NEWLINE) p += 1;
      else if (byte === CARRIAGE_RETURN && body[p + 1] === NEWLINE) p += 2;
      else if (byte === HASH) {
        const line = body.indexOf(NEWLINE, p);
        const next = line === -1 || line >= end ? end : line + 1;
        layout.comment(body.toString('latin1', p, next));
        p = next;
      } else {
        const stop = endOfSeries(body, p, end);
        let at = stop;
        while (body[at] === 32 || body[at] === 9) at += 1;
        if (stop === -1 || (at === stop && body[stop - 1] !== 125)) {
          throw faultAt(body, p, end, 'a series like name{label="value"} and its number');
        }
        const id = this.table.intern(view, p, stop);
        const i = layout.add(id, body, segment, at);
        this.#reserve(layout.count);
        p = this.#uncommonValue(body, at, end, i);
        segment = p;
        const found = old.find(id, expected, RESYNC_LINES);
        if (found !== -1) expected = found + 1;
      }
    }
    layout.setTail(body, segment, end);
    // Interning may have emptied the table: the ids gathered before that are void.
    if (this.table.epoch !== this.#epoch) {
      if (isRetry) throw faultAt(body, 0, end, 'fewer different series');
      this.#layout = new ExpositionLayout();
      this.#epoch = this.table.epoch;
      this.#parseChanged(body, end, true);
      return;
    }
    this.#layout = layout;
    this.#version += 1;
  }

  #reserve(count: number): void {
    if (this.#values.length >= count) return;
    const values = new Float64Array(Math.max(64, count * 2));
    values.set(this.#values);
    this.#values = values;
    if (this.#timestampsMs === undefined) return;
    const timestampsMs = new Float64Array(values.length).fill(NaN);
    timestampsMs.set(this.#timestampsMs);
    this.#timestampsMs = timestampsMs;
  }
}

function endsWithEof(body: Buffer, end: number): boolean {
  return end >= 5 && body.toString('latin1', end - 5, end) === '# EOF';
}
