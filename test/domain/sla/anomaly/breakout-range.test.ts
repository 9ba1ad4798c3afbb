import { describe, expect, it } from 'vitest';
import {
  absorb,
  breakout,
  RANGE_CELLS,
} from '../../../../src/domain/sla/anomaly/breakout-range.js';

/** A range of the given values, all of bucket 0. */
function rangeOf(...values: number[]): Float64Array {
  const range = new Float64Array(RANGE_CELLS);
  for (const value of values) absorb(range, value, 0);
  return range;
}

describe('a break-out', () => {
  it.each([
    [15, 0],
    [10, 0],
    [20, 0],
    [21, 0.1],
    [9, 0.1],
    [-10, 2],
    [25, 0.5],
    [1e9, 10],
  ])('of %d from the range 10…20 is %d widths', (value, widths) => {
    expect(breakout(rangeOf(10, 15, 20), value, 1e-9)).toBeCloseTo(widths, 12);
  });

  it('is 10 from a range of one value, and 0 from an empty one', () => {
    expect(breakout(rangeOf(7, 7), 7.1, 1e-9)).toBe(10);
    expect(breakout(rangeOf(7, 7), 7, 1e-9)).toBe(0);
    expect(breakout(rangeOf(), 7, 1e-9)).toBe(0);
  });

  it('is none up to the rounding error', () => {
    expect(breakout(rangeOf(7), 7 + 1e-10, 1e-9)).toBe(0);
  });
});

describe('a range', () => {
  it('takes in an outlier only up to twice its width', () => {
    const range = rangeOf(10, 20, 1000);
    expect(breakout(range, 40, 1e-9)).toBe(0);
    expect(breakout(range, 70, 1e-9)).toBe(1);
    const below = rangeOf(10, 20, -1000);
    expect(breakout(below, -10, 1e-9)).toBe(0);
    expect(breakout(below, -40, 1e-9)).toBe(1);
  });

  it('forgets an extreme after 28 buckets, not before', () => {
    const range = rangeOf(10, 30);
    for (let bucket = 1; bucket < 28; bucket++) {
      absorb(range, 10, bucket);
      absorb(range, 20, bucket);
    }
    expect(breakout(range, 30, 1e-9)).toBe(0);
    absorb(range, 15, 28);
    expect(breakout(range, 30, 1e-9)).toBe(1);
  });

  it('forgets over buckets that brought nothing', () => {
    const range = rangeOf(10, 30);
    absorb(range, 12, 100);
    absorb(range, 14, 100);
    expect(breakout(range, 15, 1e-9)).toBe(0.5);
  });
});
