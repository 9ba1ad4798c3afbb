/**
 * Why a text is no exposition.
 *
 * `not-exposition`: HTML, JSON or another thing altogether. `malformed`: a line that breaks the
 * format. `truncated`: the last line has no end, so its number can't be trusted.
 */
export type ExpositionFault = 'not-exposition' | 'malformed' | 'truncated';

/** Thrown by the exposition parser; names the line (from 1) and shows how it starts. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  constructor(
    readonly fault: ExpositionFault,
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

const NEWLINE = 10;
const LESS_THAN = 60;
const SHOWN_BYTES = 60;

/** The error for the line that holds byte `at` of `body[0, end)`. */
export function faultAt(body: Buffer, at: number, end: number, expected: string): ExpositionError {
  let line = 1;
  let start = 0;
  for (let p = body.indexOf(NEWLINE); p !== -1 && p < at; p = body.indexOf(NEWLINE, p + 1)) {
    line += 1;
    start = p + 1;
  }
  // Control characters of a binary body don't belong into a log or a terminal.
  const shown = body
    .toString('latin1', start, Math.min(end, start + SHOWN_BYTES))
    .split('\n', 1)[0]!
    .replace(/[^\x20-\x7e]/g, '.');
  if (body[start] === LESS_THAN) {
    return new ExpositionError(
      'not-exposition',
      line,
      `line ${line}: expected Prometheus text, got what looks like HTML: ${shown}`,
    );
  }
  const fault = line === 1 && !/^[a-zA-Z_:#{]/.test(shown) ? 'not-exposition' : 'malformed';
  return new ExpositionError(fault, line, `line ${line}: expected ${expected}: ${shown}`);
}

/** The error for a body whose last line does not end. */
export function truncated(body: Buffer, end: number): ExpositionError {
  const lead = faultAt(body, Math.max(0, end - 1), end, 'an end of the last line');
  if (lead.fault === 'not-exposition') return lead;
  return new ExpositionError('truncated', lead.line, `${lead.message} (body is truncated)`);
}
