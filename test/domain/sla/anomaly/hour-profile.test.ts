import { describe, expect, it } from 'vitest';
import {
  hourOfDay,
  isHourKnown,
  learnHour,
  PROFILE_CELLS,
  residual,
  usualDeviation,
} from '../../../../src/domain/sla/anomaly/hour-profile.js';

describe('the hour of the day', () => {
  it.each([
    [Date.UTC(2026, 0, 5, 0, 0), 0],
    [Date.UTC(2026, 0, 5, 23, 59, 59, 999), 23],
    [Date.UTC(1969, 11, 31, 23, 30), 23],
  ])('of %d is %d', (atMs, hour) => expect(hourOfDay(atMs)).toBe(hour));
});

describe('the profile of the day', () => {
  it('has the mean of an hour and its mean deviation, apart from other hours', () => {
    const profile = new Float64Array(PROFILE_CELLS);
    expect(isHourKnown(profile, 3)).toBe(false);
    for (let i = 0; i < 40; i++) {
      learnHour(profile, 3, i % 2 ? 12 : 8, 60);
      learnHour(profile, 4, 100, 60);
    }
    expect(isHourKnown(profile, 3)).toBe(true);
    expect(residual(profile, 3, 15)).toBeCloseTo(5, 0);
    expect(residual(profile, 4, 100)).toBe(0);
    // Hour 3 deviates by 2, all others by 0: hour 4 is left with a tenth of the day's mean, 2 / 24.
    expect(usualDeviation(profile, 3)).toBeGreaterThan(1.9);
    expect(usualDeviation(profile, 4)).toBeCloseTo(0.1 * (2 / 24), 2);
  });

  it('learns a tenth of a new level in a day, at any sample period', () => {
    for (const samplesPerHour of [1, 12, 360]) {
      const profile = new Float64Array(PROFILE_CELLS);
      for (let i = 0; i < 40 * samplesPerHour; i++) learnHour(profile, 7, 50, samplesPerHour);
      for (let i = 0; i < samplesPerHour; i++) learnHour(profile, 7, 150, samplesPerHour);
      expect(residual(profile, 7, 50)).toBeLessThan(-9);
      expect(residual(profile, 7, 50)).toBeGreaterThan(-10.1);
    }
  });
});
