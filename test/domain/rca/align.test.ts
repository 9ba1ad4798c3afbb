import { describe, expect, it } from 'vitest';
import { alignOnto, gridFor, periodOf } from '../../../src/domain/rca/align.js';

describe('alignment', () => {
  it.each([
    [[], Infinity],
    [[5], Infinity],
    [[0, 10, 20, 90, 100], 10],
  ])('the period of %j is %d', (times, period) => {
    expect(periodOf(times)).toBe(period);
  });

  it('takes the coarsest period, but at least 40 bins', () => {
    expect(gridFor([10, 60, Infinity], 0, 3600)).toEqual({ fromMs: 0, stepMs: 60, count: 60 });
    expect(gridFor([10, 600], 0, 3600)).toEqual({ fromMs: 0, stepMs: 90, count: 40 });
    expect(gridFor([], 0, 400)).toEqual({ fromMs: 0, stepMs: 10, count: 40 });
  });

  it('averages within a bin, interpolates a coarse series and leaves holes', () => {
    const fine = alignOnto(
      { timesMs: [0, 5, 10, 15, 30], values: [1, 3, 5, NaN, 9] },
      { fromMs: 0, stepMs: 10, count: 4 },
    );
    expect([...fine]).toEqual([2, 5, NaN, 9]);
    const coarse = alignOnto(
      { timesMs: [0, 40, 80, 160], values: [0, 4, 8, 16] },
      { fromMs: 0, stepMs: 20, count: 9 },
    );
    expect([...coarse]).toEqual([0, 3, 4, 7, 8, NaN, NaN, NaN, 16]);
  });

  it('gives gaps only for no samples', () => {
    const none = alignOnto({ timesMs: [], values: [] }, { fromMs: 0, stepMs: 10, count: 2 });
    expect([...none]).toEqual([NaN, NaN]);
  });
});
