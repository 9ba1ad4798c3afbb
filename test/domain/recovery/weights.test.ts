import { describe, expect, it } from 'vitest';
import { standsOut } from '../../../src/domain/recovery/outlier.js';
import { togetherAllowed } from '../../../src/domain/recovery/policy.js';
import {
  percentileOf,
  refusalToRelieve,
  relievedWeight,
  rampWeights,
} from '../../../src/domain/recovery/weights.js';

describe('relievedWeight', () => {
  it.each([
    [100, 1, 20],
    [100, 2, 20],
    [100, 3, 11],
    [100, 8, 10],
    [256, 8, 26],
    [1, 8, 1],
  ])('of weight %d, %d times as slow: %d', (weight, times, expected) => {
    expect(relievedWeight(weight, times, { othersWeight: 200, percentile: undefined })).toBe(
      expected,
    );
  });

  it.each([
    ['one of three', 200, 95, 5],
    ['one of two', 100, 95, 2],
    ['one of ten', 900, 95, 10],
    ['a median', 200, 50, 10],
    ['p99 of three', 200, 99, 1],
    ['p99 of thirty', 2900, 99, 10],
    ['the only one', 0, 95, 1],
  ])('is not where the percentile is: %s', (_, othersWeight, percentile, expected) => {
    const weight = relievedWeight(100, 8, { othersWeight, percentile });
    expect(weight).toBe(expected);
    if (weight === 1) return;
    expect(weight / (weight + othersWeight)).toBeLessThanOrEqual((100 - percentile) / 200);
  });
});

describe('percentileOf', () => {
  it.each([
    ['request_latency_p95', 95],
    ['ttft_p99', 99],
    ['queue_wait_p999', 99.9],
    ['error_rate_percent', undefined],
    ['gpu_p2p_errors', undefined],
  ])('%s: %s', (metric, expected) => {
    expect(percentileOf(metric)).toBe(expected);
  });
});

describe('refusalToRelieve', () => {
  const pool = (...weights: number[]) =>
    weights.map((weight, i) => ({
      name: `e${i + 1}`,
      weight,
      initialWeight: 100,
      isServing: weight > 0,
    }));
  const limits = { minHealthy: 1, maxSharePercent: 50 };
  it.each([
    ['one of three', pool(100, 100, 100), undefined],
    [
      'a second of three',
      pool(100, 10, 100),
      '2 of 3 servers would be out or reduced, at most 50 % may',
    ],
    ['one of two', pool(100, 100), undefined],
    ['the only one', pool(100), 'only 0 healthy servers would remain, at least 1 must'],
    [
      'when no other is healthy',
      pool(100, 0, 0),
      'only 0 healthy servers would remain, at least 1 must',
    ],
    ['a second of four', pool(100, 0, 100, 100), undefined],
    ['one that is not there', [], 'server "e1" is not in the pool'],
  ])('%s', (_, servers, expected) => {
    expect(refusalToRelieve(servers, 'e1', limits)).toBe(expected);
  });
});

describe('togetherAllowed', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [10, 5],
  ])('of %d replicas, %d', (replicas, expected) => {
    expect(togetherAllowed(replicas, { minHealthyReplicas: 1, maxSharePercent: 50 })).toBe(
      expected,
    );
  });
});

describe('standsOut', () => {
  const levels = (...values: number[]) =>
    values.map((value, i) => ({ replica: `e${i + 1}`, value }));
  it.each([
    [levels(100, 500, 110), 'upper', 'e2', 500 / 105],
    [levels(100, 140, 110), 'upper', undefined, undefined],
    [levels(100, 20, 110), 'lower', 'e2', 105 / 20],
    [levels(500), 'upper', undefined, undefined],
    [[], 'upper', undefined, undefined],
  ] as const)('%j %s: %s', (given, direction, replica, times) => {
    const found = standsOut(given, direction);
    expect(found?.replica).toBe(replica);
    // The median of reciprocals differs a little from the reciprocal of the median.
    if (times !== undefined) expect(found?.times).toBeCloseTo(times, 0);
  });
});

describe('rampWeights', () => {
  it.each<[number, number, number[], number[]]>([
    [10, 100, [25, 50], [25, 50]],
    [30, 100, [50, 25], [50]],
    [10, 100, [], []],
    [1, 2, [25, 50], []],
    [10, 256, [25, 25, 50, 99.9], [64, 128]],
  ])('from %i to %i by %j: %j', (reduced, before, shares, expected) => {
    expect(rampWeights(reduced, before, shares)).toEqual(expected);
  });
});
