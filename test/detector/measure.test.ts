import { describe, expect, it } from 'vitest';
import { combineMeasures, histogramQuantile, type Measure } from '../../src/detector/measure.js';

const f = (...values: number[]): Float64Array => Float64Array.from(values);

describe('histogram quantile', () => {
  // By hand: rank = q·n, first bucket whose cumulative count reaches it, linear between its bounds.
  it.each([
    ['inside a bucket', 0.95, f(0.1, 0.25, 0.5, Infinity), f(80, 90, 100, 100), 0.375],
    ['at a bound', 0.8, f(0.1, 0.25, 0.5, Infinity), f(80, 90, 100, 100), 0.1],
    ['in the first bucket, from 0', 0.5, f(0.1, 0.25, Infinity), f(80, 90, 100), 0.0625],
    [
      'in the +Inf bucket: the highest finite bound',
      0.99,
      f(0.1, 0.25, Infinity),
      f(1, 2, 100),
      0.25,
    ],
    ['past empty buckets', 0.5, f(0.1, 0.25, 0.5, Infinity), f(0, 0, 10, 10), 0.375],
    ['without +Inf', 0.5, f(1, 2), f(5, 10), 1],
    ['with negative bounds', 0.5, f(-1, 1, Infinity), f(0, 10, 10), 0],
    ['despite a dip between buckets', 0.5, f(1, 2, 3, Infinity), f(4, 3, 8, 8), 1],
    ['of one request', 0.95, f(0.3, 0.5, Infinity), f(1, 1, 1), 0.285],
  ])('%s', (_, q, bounds, counts, expected) => {
    expect(histogramQuantile(q, bounds, counts)).toBeCloseTo(expected, 12);
  });

  it.each([
    ['no requests', f(1, Infinity), f(0, 0)],
    ['no buckets', f(), f()],
    ['only a +Inf bucket', f(Infinity), f(5)],
    ['NaN counts', f(1, Infinity), f(NaN, NaN)],
  ])('is undefined for %s', (_, bounds, counts) => {
    expect(histogramQuantile(0.95, bounds, counts)).toBeUndefined();
  });
});

describe('measures of replicas together', () => {
  it('adds histograms bucket by bucket, leaving other buckets out', () => {
    const of = (bounds: Float64Array, ...counts: number[]): Measure => ({
      kind: 'histogram',
      bounds,
      counts: f(...counts),
      windowMs: 5000,
    });
    const all = [of(f(1, Infinity), 1, 3), of(f(1, Infinity), 4, 4), of(f(2, Infinity), 9, 9)];
    expect(combineMeasures(all)).toEqual(of(f(1, Infinity), 5, 7));
  });

  it('adds parts and wholes, not percentages', () => {
    expect(
      combineMeasures([
        { kind: 'ratio', part: 1, whole: 10, windowMs: 1000 },
        { kind: 'ratio', part: 0, whole: 990, windowMs: 2000 },
      ]),
    ).toEqual({ kind: 'ratio', part: 1, whole: 1000, windowMs: 2000 });
  });

  it('adds rates of different windows', () => {
    // 10 a second and 30 a second.
    const both = combineMeasures([
      { kind: 'rate', amount: 10, windowMs: 1000 },
      { kind: 'rate', amount: 60, windowMs: 2000 },
    ]);
    expect(both).toEqual({ kind: 'rate', amount: 80, windowMs: 2000 });
  });

  it('averages usage and adds up queues', () => {
    const levels = (combine: 'mean' | 'sum'): Measure[] =>
      [1, 2, 6].map((value) => ({ kind: 'level', value, combine }));
    expect(combineMeasures(levels('mean'))).toMatchObject({ value: 3 });
    expect(combineMeasures(levels('sum'))).toMatchObject({ value: 9 });
    expect(combineMeasures([])).toBeUndefined();
  });
});
