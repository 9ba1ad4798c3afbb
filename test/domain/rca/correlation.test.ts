import { describe, expect, it } from 'vitest';
import { correlate, correlationSteps } from '../../../src/domain/rca/correlation.js';
import type { TimedValues } from '../../../src/domain/rca/align.js';
import { seededRandom } from './seeded-random.js';

const HOUR = 3_600_000;
const window = { fromMs: 0, toMs: HOUR };

/** A standard normal value by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function walk(random: () => number): TimedValues {
  let level = 0;
  const values = Array.from({ length: 360 }, () => (level += normal(random)));
  return { timesMs: values.map((_, i) => i * 10_000), values };
}

function sampled(periodMs: number, at: (ms: number) => number): TimedValues {
  const timesMs = Array.from({ length: HOUR / periodMs }, (_, i) => i * periodMs);
  return { timesMs, values: timesMs.map(at) };
}

const isStrong = ({ confidence }: { confidence: string }): boolean =>
  confidence === 'high' || confidence === 'very-high';

describe('correlation', () => {
  it('finds at most 1 % of independent random walks strongly correlated', () => {
    const random = seededRandom(7);
    let strong = 0;
    let spurious = 0;
    for (let pair = 0; pair < 200; pair++) {
      const [finding] = correlate(walk(random), [walk(random)], window);
      if (isStrong(finding!)) strong++;
      if (Math.abs(finding!.correlation) >= 0.6) spurious++;
    }
    expect(strong).toBeLessThanOrEqual(2);
    // Or else the test would pass for series that never look correlated.
    expect(spurious).toBeGreaterThan(20);
  });

  it('finds none of 200 independent random walks correlated with one target', () => {
    const random = seededRandom(8);
    const others = Array.from({ length: 200 }, () => walk(random));
    const strong = correlate(walk(random), others, window).filter(isStrong);
    expect(strong.length).toBeLessThanOrEqual(2);
  });

  it('finds one signal sampled at 10 s and at 60 s', () => {
    const random = seededRandom(9);
    const signal = (ms: number): number =>
      Math.sin(ms / 200_000) + (ms > 2_400_000 ? 3 : 0) + Math.sin(ms / 77_000);
    const noisy = (ms: number): number => signal(ms) + 0.2 * normal(random);
    const [finding] = correlate(sampled(60_000, noisy), [sampled(10_000, noisy)], window);
    expect(finding).toMatchObject({ confidence: 'very-high' });
    expect(Math.abs(finding!.lagMs)).toBeLessThanOrEqual(60_000);
  });

  it.each([120_000, -120_000, 600_000, 0])('estimates a lead of %d ms', (leadMs) => {
    const random = seededRandom(10);
    const signal = (ms: number): number => Math.sin(ms / 190_000) * (ms > 1_500_000 ? 4 : 1);
    const target = sampled(10_000, (ms) => signal(ms) + 0.1 * normal(random));
    const series = sampled(10_000, (ms) => signal(ms + leadMs) + 0.1 * normal(random));
    const [finding] = correlate(target, [series], window);
    expect(isStrong(finding!)).toBe(true);
    expect(Math.abs(finding!.lagMs - leadMs)).toBeLessThanOrEqual(20_000);
  });

  it('sees a step that both take under noise', () => {
    const random = seededRandom(11);
    const step = (ms: number): number => (ms > 2_700_000 ? 8 : 0) + normal(random);
    const [finding] = correlate(sampled(10_000, step), [sampled(10_000, step)], window);
    expect(isStrong(finding!)).toBe(true);
  });

  it('ignores gaps, constants and empty series', () => {
    const random = seededRandom(12);
    const full = walk(random);
    const target = { ...full, values: Array.from(full.values, (v) => v + 0.1 * normal(random)) };
    const holes = {
      timesMs: Array.from(full.timesMs).filter((_, i) => i < 100 || i > 160),
      values: Array.from(full.values).filter((_, i) => i < 100 || i > 160),
    };
    const constant = sampled(10_000, () => 5);
    const findings = correlate(target, [holes, constant, { timesMs: [], values: [] }], window);
    expect(findings.map(isStrong)).toEqual([true, false, false]);
    expect(findings.map(({ correlation }) => Number.isFinite(correlation))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('works in steps whose number grows with the series', () => {
    const random = seededRandom(13);
    const steps = correlationSteps(
      walk(random),
      Array.from({ length: 64 }, () => walk(random)),
      window,
    );
    const shares: number[] = [];
    for (let step = steps.next(); !step.done; step = steps.next()) shares.push(step.value);
    expect(shares).toHaveLength(8);
    expect(shares.at(-1)).toBe(1);
  });
});
