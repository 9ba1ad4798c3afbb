/** One measured figure of any bench. */
export interface BenchFigure {
  readonly name: string;
  /** NaN where it could not be measured; its name says why then. */
  readonly value: number;
  readonly unit: string;
  /** What was demanded: the most it may be, or with `isLeast` the least. */
  readonly bound?: number;
  readonly isLeast?: boolean;
}

/** Whether a figure is within its bound; one without a bound always is. */
export function isOk({ value, bound, isLeast }: BenchFigure): boolean {
  if (bound === undefined) return true;
  // NaN is within no bound: what was demanded has to be measured.
  return isLeast === true ? value >= bound : value <= bound;
}

/** Figures as aligned columns: name, value, unit, bound, and whether it is kept. */
export function figureTable(figures: readonly BenchFigure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, bound, isLeast } = figure;
    const limit = bound === undefined ? '' : `${isLeast === true ? '≥' : '≤'} ${bound}`;
    const verdict = isOk(figure) ? 'ok' : 'NOT OK';
    return [name, shown(value), unit, limit, bound === undefined ? '' : verdict];
  });
  const lines = [['FIGURE', 'VALUE', 'UNIT', 'BOUND', ''], ...rows];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...lines.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return lines.map((row) => `${line(row)}\n`).join('');
}

/** Three digits that count, without exponents. */
function shown(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}
