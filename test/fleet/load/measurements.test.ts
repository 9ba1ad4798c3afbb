import { describe, expect, it } from 'vitest';
import { Measurements, nearestRank } from '../../../fleet/load/measurements.js';

describe('nearestRank', () => {
  it.each([
    [[], 0.5, undefined],
    [[7], 0.99, 7],
    [[1, 2, 3, 4], 0.5, 2],
    [Array.from({ length: 100 }, (_unused, index) => index + 1), 0.95, 95],
  ])('of %j at %d is %s', (sorted, quantile, expected) => {
    expect(nearestRank(sorted, quantile)).toBe(expected);
  });
});

describe('Measurements', () => {
  it('summarises its window only', () => {
    const measurements = new Measurements();
    measurements.record(1000, 900, true);
    for (let index = 0; index < 10; index++)
      measurements.record(50_000 + index, 100 + index, false);
    measurements.record(50_100, 500, true);
    expect(measurements.window(51_000, 10)).toEqual({
      seconds: 10,
      requests: 11,
      rps: 1.1,
      errors: 1,
      errorRatio: 1 / 11,
      p50Ms: 105,
      p95Ms: 500,
      p99Ms: 500,
    });
    expect(measurements.window(200_000, 10)).toMatchObject({ requests: 0, errorRatio: 0 });
  });
});
