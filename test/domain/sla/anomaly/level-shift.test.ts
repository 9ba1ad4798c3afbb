import { describe, expect, it } from 'vitest';
import {
  createAnomalyState,
  readAnomaly,
  type AnomalyReading,
} from '../../../../src/domain/sla/anomaly/anomaly-state.js';
import { ANOMALOUS_Z } from '../../../../src/domain/sla/anomaly/level-shift.js';
import { gaussian } from './noise.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** Readings of a signal, by milliseconds after the start. */
function readings(
  signal: (ms: number) => number,
  untilMs: number,
  periodMs: number,
): Map<number, AnomalyReading> {
  const state = createAnomalyState();
  const read = new Map<number, AnomalyReading>();
  for (let ms = 0; ms < untilMs; ms += periodMs) {
    read.set(ms, readAnomaly(state, START + ms, signal(ms)));
  }
  return read;
}

/** How often a shift began. */
function shiftsIn(read: Map<number, AnomalyReading>): number {
  let shifts = 0;
  let before = 'none';
  for (const { shift } of read.values()) {
    if (shift.direction !== 'none' && before === 'none') shifts++;
    before = shift.direction;
  }
  return shifts;
}

describe('the robust z-score', () => {
  it('is that of the median and MAD of the samples so far', () => {
    // 1…30: median 15.5, MAD 7.5 (deviations 0.5 … 14.5, twice each); 100 is 84.5 above:
    // 84.5 / (1.4826 × 7.5) = 7.599; σ from the mean deviation (7.5 × 1.2533 = 9.4) is the smaller one.
    const state = createAnomalyState();
    for (let i = 1; i <= 30; i++) readAnomaly(state, START + i * MINUTE, i);
    expect(readAnomaly(state, START + 31 * MINUTE, 100).z).toBeCloseTo(7.599, 2);
  });

  it('is beyond 2.5 for about 1.2 % of normal noise, as the normal distribution says', () => {
    const noise = gaussian(21);
    const read = [...readings(() => 50 + 4 * noise(), 3 * DAY, 10_000).values()].slice(8640);
    const share = read.filter(({ z }) => Math.abs(z) > ANOMALOUS_Z).length / read.length;
    expect(share).toBeGreaterThan(0.006);
    expect(share).toBeLessThan(0.025);
  });

  it('is 0 for a constant series and bounded when it moves', () => {
    const read = readings((ms) => (ms < HOUR ? 0 : 5), 2 * HOUR, MINUTE);
    expect(read.get(59 * MINUTE)?.z).toBe(0);
    expect(read.get(HOUR)?.z).toBe(100);
  });

  it('is not moved by an outlier', () => {
    const noise = gaussian(4);
    const values = Array.from({ length: 1000 }, () => 100 + 5 * noise());
    const z = (outlier: number): number =>
      [
        ...readings(
          (ms) => (ms === 500 * MINUTE ? outlier : values[ms / MINUTE]!),
          1000 * MINUTE,
          MINUTE,
        ).values(),
      ].at(-1)!.z;
    expect(z(1e9)).toBeCloseTo(z(values[500]!), 0);
  });
});

describe('a shift', () => {
  it.each([
    ['1 s', 1000, 2 * MINUTE],
    ['10 s', 10_000, 2 * MINUTE],
    ['1 min', MINUTE, 15 * MINUTE],
  ])('is flagged while it lasts, at a period of %s', (_, periodMs, withinMs) => {
    const noise = gaussian(31);
    const read = readings(
      (ms) => 150 + 15 * noise() + (ms >= 3 * HOUR && ms < 5 * HOUR ? 90 : 0),
      6 * HOUR,
      periodMs,
    );
    expect(shiftsIn(read)).toBe(1);
    for (const [ms, { shift }] of read) {
      if (ms >= 3 * HOUR + withinMs && ms < 5 * HOUR) {
        expect(shift).toMatchObject({ direction: 'up' });
      }
      if (ms < 3 * HOUR || ms > 5 * HOUR + 30 * MINUTE) expect(shift.direction).toBe('none');
    }
  });

  it('is seen downwards, tells since when, and becomes the normal after a day', () => {
    const noise = gaussian(32);
    const read = readings((ms) => 150 + 5 * noise() - (ms >= DAY ? 60 : 0), 3 * DAY, MINUTE);
    const after = read.get(DAY + HOUR)?.shift;
    expect(after?.direction).toBe('down');
    const sinceMs = after?.direction === 'down' ? after.sinceMs - START : NaN;
    expect(sinceMs).toBeGreaterThan(DAY);
    expect(sinceMs).toBeLessThan(DAY + 15 * MINUTE);
    expect(read.get(DAY + 23 * HOUR)?.shift.direction).toBe('down');
    expect(read.get(2 * DAY + HOUR)?.shift.direction).toBe('none');
    expect(Math.abs(read.get(3 * DAY - MINUTE)!.z)).toBeLessThan(5);
    expect(shiftsIn(read)).toBe(1);
  });

  it.each([
    ['noise', () => 0],
    ['spikes of 30 s', (ms: number) => (ms % HOUR < 30_000 && ms > HOUR ? 450 : 0)],
    ['a daily season', (ms: number) => 60 * Math.sin((2 * Math.PI * ms) / DAY + 1)],
  ])('is none for %s', (_, signal) => {
    const noise = gaussian(33);
    expect(shiftsIn(readings((ms) => 150 + 12 * noise() + signal(ms), 3 * DAY, 10_000))).toBe(0);
  });

  it('of half the season is seen once the season is known', () => {
    const noise = gaussian(34);
    const season = (ms: number): number => 150 + 60 * Math.sin((2 * Math.PI * ms) / DAY);
    const read = readings(
      // In the trough of the season, where the level stays far below the daily peak.
      (ms) => season(ms) + 8 * noise() + (ms >= 3.7 * DAY && ms < 3.8 * DAY ? 40 : 0),
      4 * DAY,
      MINUTE,
    );
    expect(read.get(3.75 * DAY)?.shift.direction).toBe('up');
    expect(shiftsIn(read)).toBe(1);
  });
});
