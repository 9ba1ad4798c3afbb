import { describe, expect, it } from 'vitest';
import { thinSeries } from '../../src/server/thin-series.js';

describe('thinning a series for a picture', () => {
  it('leaves a short one as it is', () => {
    expect(thinSeries({ timesMs: [1, 2], values: [5, 6] }, 10)).toEqual([
      [1, 5],
      [2, 6],
    ]);
    expect(thinSeries({ timesMs: [], values: [] }, 10)).toEqual([]);
  });

  it('keeps a spike of one sample among ten thousand, in order of time', () => {
    const timesMs = Array.from({ length: 10_000 }, (_, i) => i * 1000);
    const values = timesMs.map((_, i) => (i === 4_321 ? 99 : Math.sin(i)));
    const thin = thinSeries({ timesMs, values }, 600);
    expect(thin.length).toBeLessThanOrEqual(602);
    expect(thin).toContainEqual([4_321_000, 99]);
    expect(thin.map(([ms]) => ms)).toEqual([...thin.map(([ms]) => ms)].sort((a, b) => a - b));
  });

  it('takes samples of one instant as one stretch', () => {
    const same = {
      timesMs: Array.from({ length: 50 }, () => 7),
      values: Array.from({ length: 50 }, (_, i) => i),
    };
    expect(thinSeries(same, 10)).toEqual([
      [7, 0],
      [7, 49],
    ]);
  });
});
