const DAY_MS = 86_400_000;

/** Least and greatest value that a measurement in a unit can have, both included. */
export interface PlausibleRange {
  readonly min: number;
  readonly max: number;
}

// None of these can be negative. The upper ends are far above anything real (a percentage above 100
// may be meant, e.g. of a budget), and far below what a broken exporter or a wrong unit produces.
const RANGES: ReadonlyMap<string, PlausibleRange> = new Map([
  ['ms', { min: 0, max: DAY_MS }],
  ['s', { min: 0, max: DAY_MS / 1000 }],
  ['%', { min: 0, max: 1_000 }],
  ['ratio', { min: 0, max: 1_000 }],
  ['bool', { min: 0, max: 1 }],
  ['tokens/s', { min: 0, max: 1e12 }],
]);

const ANY: PlausibleRange = { min: -1e15, max: 1e15 };

/** The range of a unit of `Threshold.unit`; an unknown unit may be negative, but not above 1e15. */
export function plausibleRange(unit: string): PlausibleRange {
  return RANGES.get(unit) ?? ANY;
}
