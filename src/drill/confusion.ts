import type { DrillResult } from './score.js';

/** How often each cause was named for each that was right. */
export interface Confusion {
  /** The right causes' first names, then what was named instead, in order of first appearance. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `counts[row][column]`. */
  readonly counts: readonly (readonly number[])[];
  readonly right: number;
  readonly total: number;
}

/**
 * The confusion table of drills: rows what it was, columns what was named. A cause that is as right as the
 * first one counts in the first one's column.
 */
export function confusionOf(results: readonly DrillResult[]): Confusion {
  const cells = results.map(({ expected, named }) => {
    const [best = 'none'] = expected.causes;
    return { was: best, said: expected.causes.includes(named.cause) ? best : named.cause };
  });
  const rows = [...new Set(cells.map(({ was }) => was))];
  const columns = [...new Set([...rows, ...cells.map(({ said }) => said)])];
  return {
    rows,
    columns,
    counts: rows.map((row) =>
      columns.map((column) => cells.filter((c) => c.was === row && c.said === column).length),
    ),
    right: results.filter(({ isRight }) => isRight).length,
    total: results.length,
  };
}
