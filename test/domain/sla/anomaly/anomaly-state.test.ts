import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  createAnomalyState,
  readAnomaly,
  rejectedSamples,
  restoreAnomalyState,
  saveAnomalyState,
  scoreAnomaly,
  type AnomalyState,
} from '../../../../src/domain/sla/anomaly/anomaly-state.js';
import { ALERT_SCORE } from '../../../../src/domain/sla/anomaly/breakout-score.js';
import { gaussian } from './noise.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const START = Date.UTC(2026, 0, 5);

/** Feeds a signal from `fromMs` to `untilMs` after the start; returns when it alerted, after the start. */
function feed(
  state: AnomalyState,
  signal: (ms: number) => number,
  [fromMs, untilMs, periodMs]: readonly [number, number, number],
): number[] {
  const alerts: number[] = [];
  for (let ms = fromMs; ms < untilMs; ms += periodMs) {
    if (scoreAnomaly(state, START + ms, signal(ms)) >= ALERT_SCORE) alerts.push(ms);
  }
  return alerts;
}

/** 100 ± 20 over the day, with noise of standard deviation 2. */
function daily(seed: number): (ms: number) => number {
  const noise = gaussian(seed);
  return (ms) => 100 + 20 * Math.sin((2 * Math.PI * ms) / DAY) + 2 * noise();
}

describe('an anomaly score', () => {
  it.each([
    ['1 s', 1000, 3],
    ['10 s', 10_000, 3],
    ['1 min', MINUTE, 4],
    ['5 min', 5 * MINUTE, 6],
    ['1 h', 60 * MINUTE, 40],
  ])('alerts once for a spike at a sample period of %s', (_, periodMs, days) => {
    const signal = daily(7);
    const state = createAnomalyState();
    const spikeAt = days * DAY;
    feed(state, signal, [0, spikeAt, periodMs]);
    const alerts = feed(state, (ms) => signal(ms) + 40 * (ms < spikeAt + 10 * periodMs ? 1 : 0), [
      spikeAt,
      spikeAt + 30 * periodMs,
      periodMs,
    ]);
    expect(alerts).toEqual([spikeAt]);
  });

  it('is 0 for a constant series, and alerts when it first moves', () => {
    for (const constant of [0, 42, -0.1, 1e-12]) {
      const state = createAnomalyState();
      for (let ms = 0; ms < 3 * DAY; ms += MINUTE) {
        expect(scoreAnomaly(state, START + ms, constant)).toBe(0);
      }
      expect(scoreAnomaly(state, START + 3 * DAY, constant + 1)).toBeGreaterThan(0.9);
    }
  });

  it('does not take rounding for news', () => {
    const state = createAnomalyState();
    const signal = (ms: number): number => 0.1 + (ms % 7) * 1e-17 + (ms > 2 * DAY ? 3e-16 : 0);
    expect(feed(state, signal, [0, 4 * DAY, MINUTE])).toEqual([]);
  });

  it('stays quiet through a daily season, with few exceptions among records of its noise', () => {
    const state = createAnomalyState();
    expect(feed(state, daily(3), [0, 21 * DAY, MINUTE]).length).toBeLessThanOrEqual(3);
  });

  it('sees at night what at noon would be usual', () => {
    const noise = gaussian(11);
    const signal = (ms: number): number => (ms % DAY < DAY / 2 ? 100 + 20 * noise() : 10 + noise());
    const state = createAnomalyState();
    feed(state, signal, [0, 10.75 * DAY, 5 * MINUTE]);
    expect(scoreAnomaly(state, START + 10.75 * DAY, 40)).toBeGreaterThanOrEqual(ALERT_SCORE);
  });

  it('sees a lasting shift within the range of single samples', () => {
    const noise = gaussian(17);
    const state = createAnomalyState();
    const quiet = (): number => 100 + 2 * noise();
    feed(state, quiet, [0, 10 * DAY, 5 * MINUTE]);
    const seen = feed(state, () => quiet() + 1.5, [10 * DAY, 10.25 * DAY, 5 * MINUTE]);
    expect(seen).toHaveLength(1);
  });

  it('sees a level that one old spike exceeded', () => {
    const noise = gaussian(18);
    const state = createAnomalyState();
    const quiet = (): number => 100 + 2 * noise();
    feed(state, (ms) => quiet() + (ms === 5 * DAY ? 1000 : 0), [0, 10 * DAY, 5 * MINUTE]);
    const seen = feed(state, () => quiet() + 12, [10 * DAY, 10.25 * DAY, 5 * MINUTE]);
    expect(seen.length).toBeGreaterThanOrEqual(1);
  });

  it('goes on after a gap and at another sample period', () => {
    const signal = daily(5);
    const state = createAnomalyState();
    feed(state, signal, [0, 5 * DAY, MINUTE]);
    expect(feed(state, signal, [9 * DAY, 12 * DAY, 10_000]).length).toBeLessThanOrEqual(3);
    expect(scoreAnomaly(state, START + 12 * DAY, 400)).toBeGreaterThanOrEqual(ALERT_SCORE);
  });

  it('takes late and repeated timestamps as samples', () => {
    const signal = daily(9);
    const state = createAnomalyState();
    for (let ms = 0; ms < 4 * DAY; ms += MINUTE) {
      const late = ms % (10 * MINUTE) === 0 ? 3 * MINUTE : 0;
      expect(scoreAnomaly(state, START + ms - late, signal(ms))).toBeLessThan(ALERT_SCORE);
      scoreAnomaly(state, START + ms - late, signal(ms));
    }
    expect(scoreAnomaly(state, START + 4 * DAY, 300)).toBeGreaterThanOrEqual(ALERT_SCORE);
  });

  it('is neither changed nor poisoned by values that are no numbers', () => {
    const clean = createAnomalyState();
    const dirty = createAnomalyState();
    const signal = daily(13);
    const bad = [NaN, Infinity, -Infinity, 1e300, -1e101];
    for (let ms = 0; ms < 3 * DAY; ms += MINUTE) {
      const value = signal(ms) + (ms === 2.5 * DAY ? 80 : 0);
      for (const each of bad) expect(scoreAnomaly(dirty, START + ms, each)).toBe(0);
      expect(scoreAnomaly(dirty, NaN, value)).toBe(0);
      expect(scoreAnomaly(dirty, START + ms, value)).toBe(scoreAnomaly(clean, START + ms, value));
    }
    expect(rejectedSamples(dirty)).toBe(6 * 3 * 1440);
    expect(rejectedSamples(clean)).toBe(0);
    expect(readAnomaly(dirty, START, NaN)).toMatchObject({ score: 0, z: 0 });
  });
});

describe('a saved state', () => {
  property.prop([fc.integer({ min: 1, max: 2000 }), fc.integer()], { seed: 1, numRuns: 20 })(
    'scores on as if it had never stopped, whenever it is restored',
    (cut, seed) => {
      const signal = daily(seed);
      const values = Array.from(
        { length: 2500 },
        (_, i) => signal(i * 5 * MINUTE) * (i % 997 ? 1 : 9),
      );
      const kept = createAnomalyState();
      let restored = createAnomalyState();
      values.forEach((value, i) => {
        if (i === cut) {
          restored = restoreAnomalyState(
            JSON.parse(JSON.stringify(saveAnomalyState(restored))) as ReturnType<
              typeof saveAnomalyState
            >,
          );
        }
        const atMs = START + i * 5 * MINUTE;
        expect(readAnomaly(restored, atMs, value)).toEqual(readAnomaly(kept, atMs, value));
      });
    },
  );

  property.prop([fc.array(fc.tuple(fc.double(), fc.double()), { maxLength: 200 })], { seed: 2 })(
    'is finite, and every score within [0, 1], whatever arrives',
    (samples) => {
      const state = createAnomalyState();
      for (const [at, value] of samples) {
        const { score, z } = readAnomaly(state, at, value);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(Math.abs(z)).toBeLessThanOrEqual(100);
      }
      expect(state.cells.every((cell) => Number.isFinite(cell))).toBe(true);
    },
  );

  it('is refused with another layout, length, or with what is no number', () => {
    const good = saveAnomalyState(createAnomalyState());
    expect(() => restoreAnomalyState({ ...good, layout: 0 })).toThrow(RangeError);
    expect(() => restoreAnomalyState({ ...good, cells: good.cells.slice(1) })).toThrow(
      /cells instead/,
    );
    expect(() => restoreAnomalyState({ ...good, cells: good.cells.map(() => NaN) })).toThrow(
      /cell 0/,
    );
  });

  it('takes no more than 8 KB', () => {
    expect(createAnomalyState().cells.byteLength).toBeLessThanOrEqual(8192 - 1024);
  });
});
