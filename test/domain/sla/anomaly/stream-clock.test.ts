import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  CLOCK_CELLS,
  latestAtMs,
  maturity,
  samplePeriodMs,
  tick,
} from '../../../../src/domain/sla/anomaly/stream-clock.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A clock that has ticked at each of the instants. */
function clockAfter(instants: Iterable<number>): Float64Array {
  const clock = new Float64Array(CLOCK_CELLS);
  for (const atMs of instants) tick(clock, atMs);
  return clock;
}

function* every(periodMs: number, untilMs: number): Generator<number> {
  for (let atMs = 0; atMs <= untilMs; atMs += periodMs) yield atMs;
}

describe('the clock of a stream', () => {
  it.each([1000, 10_000, 60_000, 300_000, HOUR])('learns a period of %d ms', (periodMs) => {
    expect(samplePeriodMs(clockAfter(every(periodMs, 100 * periodMs)))).toBe(periodMs);
  });

  it('does not take a gap, a repetition or a late sample for another period', () => {
    const clock = clockAfter(every(1000, 300_000));
    tick(clock, 300_000 + DAY);
    for (const lateMs of [0, 1000, 5000]) tick(clock, 300_000 + DAY - lateMs);
    expect(samplePeriodMs(clock)).toBeLessThan(1020);
    expect(latestAtMs(clock)).toBe(300_000 + DAY);
  });

  it('learns a changed period', () => {
    const clock = clockAfter(every(60_000, HOUR));
    for (let i = 1; i <= 2000; i++) tick(clock, HOUR + i * 10_000);
    expect(samplePeriodMs(clock)).toBeCloseTo(10_000, -3);
  });

  it('follows a step back by more than a day, after one timestamp far in the future', () => {
    const clock = clockAfter([0, 1000, 365 * DAY, 2000, 3000]);
    expect(latestAtMs(clock)).toBe(3000);
    expect(maturity(clock)).toBeUndefined();
  });

  it.each([
    ['a day', 60_000, DAY],
    ['two days below a minute', 10_000, 2 * DAY],
  ])('is mature after %s', (_, periodMs, warmUpMs) => {
    expect(maturity(clockAfter(every(periodMs, warmUpMs - periodMs)))).toBeUndefined();
    expect(maturity(clockAfter(every(periodMs, warmUpMs)))).toBe(1);
    expect(maturity(clockAfter(every(periodMs, 3 * warmUpMs)))).toBe(3);
  });

  it('is not mature with 30 samples, however old', () => {
    expect(maturity(clockAfter(every(DAY, 29 * DAY)))).toBeUndefined();
    expect(maturity(clockAfter(every(DAY, 30 * DAY)))).toBe(30);
  });

  it.each([
    ['days of minutes', 60_000, 10 * DAY, 10],
    // 288 hours are twelve days.
    ['288 hours', HOUR, 24 * DAY, 2],
  ])('counts buckets in %s', (_, periodMs, untilMs, buckets) => {
    expect(bucketOf(clockAfter(every(periodMs, untilMs)))).toBe(buckets);
  });
});
