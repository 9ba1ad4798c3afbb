import { parseDecimal } from './decimal.js';
import { faultAt } from './exposition-error.js';

const NEWLINE = 10;
const HASH = 35;

/**
 * What stands after a value, from `at` (its first blank) to the end of the line: nothing, a
 * timestamp, an exemplar (`# {labels} value time`, skipped). Returns where the next line starts.
 *
 * The text format writes integer milliseconds; OpenMetrics writes seconds with a fraction, which is
 * told by its dot or its size (below 1e11 it would be before 1973 in milliseconds).
 *
 * @throws ExpositionError where something else stands there.
 */
export function endOfLine(
  body: Buffer,
  at: number,
  end: number,
): { next: number; timestampMs: number | undefined } {
  const found = body.indexOf(NEWLINE, at);
  const stop = found === -1 || found >= end ? end : found;
  const next = Math.min(end, stop + 1);
  let p = at;
  while (p < stop && body[p]! <= 32) p += 1;
  if (p === stop || body[p] === HASH) return { next, timestampMs: undefined };
  const from = p;
  while (p < stop && body[p]! > 32) p += 1;
  const stamp = parseDecimal(body, from, p);
  while (p < stop && body[p]! <= 32) p += 1;
  if (stamp === undefined || !Number.isFinite(stamp) || (p < stop && body[p] !== HASH)) {
    throw faultAt(body, from, end, 'a timestamp or the end of the line after the value');
  }
  const isSeconds = !Number.isInteger(stamp) || Math.abs(stamp) < 1e11;
  return { next, timestampMs: isSeconds ? stamp * 1000 : stamp };
}
