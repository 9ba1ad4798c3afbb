import { describe, expect, it } from 'vitest';

import { SlaEvaluator } from '../../../src/domain/sla/evaluator.js';
import { DEFAULT_SLA_POLICY } from '../../../src/domain/sla/policy.js';
import {
  compareWithBaseline,
  isSignificant,
  takeBaseline,
} from '../../../src/domain/sla/regression.js';
import type { SlaEvent } from '../../../src/domain/sla/samples.js';
import type { SlaSnapshot } from '../../../src/domain/sla/snapshot.js';
import { normal, seededRandom } from './labelled-streams.js';
import { at, feed, latency, T0 } from './feed.js';

describe('a comparison with a baseline', () => {
  const baseline = takeBaseline([10, 11, 12, 13, 14, 15, 16, 17, 18, 19], 5)!;

  it('has the median and spread of the baseline', () => {
    expect(baseline.median).toBe(14.5);
    // Deviations 0.5 0.5 1.5 1.5 2.5 2.5 3.5 3.5 4.5 4.5: their median is 2.5.
    expect(baseline.spread).toBeCloseTo(1.4826 * 2.5, 6);
    expect(takeBaseline([1, 2, 3], 5)).toBeUndefined();
    expect(takeBaseline([], 0)).toBeUndefined();
  });

  it('has the z of Mann and Whitney', () => {
    const independent = { ...baseline, autocorrelation: 0 };
    const { z, superiority, worsePercent } = compareWithBaseline(
      [17.5, 18.5, 30],
      independent,
      'upper',
      0,
    );
    // U = 8 + 9 + 10 of 30 pairs; mean 15, variance 3 * 10 * 14 / 12 = 35 (by hand).
    expect(superiority).toBeCloseTo(0.9, 10);
    expect(z).toBeCloseTo((27 - 15) / Math.sqrt(35), 6);
    expect(worsePercent).toBeCloseTo((100 * 4) / 14.5, 6);
    const better = compareWithBaseline([17.5, 18.5, 30], independent, 'lower', 0);
    expect(better.superiority).toBeCloseTo(0.1, 10);
    expect(better.worsePercent).toBeLessThan(0);
  });

  it('counts ties half, and is no finding among constants', () => {
    const constant = takeBaseline(Array<number>(60).fill(5), 30)!;
    const same = compareWithBaseline([5, 5, 5], constant, 'upper', 0);
    expect(same).toMatchObject({ superiority: 0.5, z: 0, worsePercent: 0 });
    expect(isSignificant(same, 4)).toBe(false);
    const worse = compareWithBaseline(Array<number>(15).fill(6), constant, 'upper', 0);
    expect(isSignificant(worse, 4)).toBe(true);
  });

  it('is weaker where neighbouring minutes are alike', () => {
    const gauss = normal(seededRandom(1));
    let level = 0;
    const slow = Array.from({ length: 600 }, () => (level = 0.8 * level + gauss()));
    const white = Array.from({ length: 600 }, () => gauss());
    expect(takeBaseline(slow, 30)!.autocorrelation).toBeGreaterThan(0.5);
    expect(takeBaseline(white, 30)!.autocorrelation).toBeLessThan(0.15);
    // A season is no correlated noise.
    const season = white.map((value, i) => value + 6 * Math.sin((2 * Math.PI * i) / 600));
    expect(takeBaseline(season, 30)!.autocorrelation).toBeLessThan(0.35);
  });

  it('takes percentages of a baseline of 0 from the floor', () => {
    const zero = takeBaseline(Array<number>(60).fill(0), 30)!;
    expect(compareWithBaseline([1], zero, 'upper', 4).worsePercent).toBe(25);
    expect(() => compareWithBaseline([], zero, 'upper', 4)).toThrow(RangeError);
  });
});

describe('a regression', () => {
  const policy = { ...DEFAULT_SLA_POLICY, anomaly: { enabled: false, minScore: 1 } };
  const start = (...thresholds: Parameters<typeof latency>[0][]) =>
    new SlaEvaluator(
      thresholds.map((t) => latency(t)),
      policy,
    );
  const noisy = (hours: number, level: (s: number) => number, periodS = 10, fromH = 0) => {
    const gauss = normal(seededRandom(3));
    const count = ((hours - fromH) * 3600) / periodS;
    return Array.from({ length: count }, (_, i) => {
      const s = fromH * 3600 + i * periodS;
      return at(s, level(s) * (1 + 0.05 * gauss()));
    });
  };
  const found = (events: readonly SlaEvent[]) =>
    events
      .filter((e) => e.type === 'violation' || e.type === 'resolved')
      .map((e) => `${e.type} ${e.violation.violationType}`);
  const shift = (s: number) => (s >= 7200 && s < 14_400 ? 180 : 130);

  it('is found once, names its baseline, and ends when it is over', () => {
    const events = feed(start({}), noisy(6, shift));
    expect(found(events)).toEqual([
      'violation performance_regression',
      'resolved performance_regression',
    ]);
    const [violation] = events.filter((e) => e.type === 'violation');
    expect(violation?.violation).toMatchObject({
      threshold: 'latency_regression',
      fingerprint: 'chat:*:latency_regression',
      windowMs: 900_000,
    });
    expect(violation?.violation.limit).toBeCloseTo(143, -1);
    expect((violation!.atMs - T0) / 60_000 - 120).toBeLessThan(15);
  });

  it('is only what is worse, in the direction of the threshold', () => {
    expect(
      found(
        feed(
          start({}),
          noisy(6, (s) => (s >= 7200 ? 80 : 130)),
        ),
      ),
    ).toEqual([]);
    const lower = { direction: 'lower', target: 50, tolerancePercent: 20 } as const;
    expect(
      found(
        feed(
          start(lower),
          noisy(6, (s) => (s >= 7200 ? 80 : 130)),
        ),
      ),
    ).toEqual(['violation performance_regression']);
    expect(
      found(
        feed(
          start(lower),
          noisy(6, (s) => (s >= 7200 ? 200 : 130)),
        ),
      ),
    ).toEqual([]);
  });

  it('neither hides nor doubles a violation of the threshold', () => {
    const worsening = (s: number) => (s < 7200 ? 130 : s < 12_000 ? 180 : s < 15_000 ? 330 : 130);
    expect(found(feed(start({}), noisy(8, worsening)))).toEqual([
      'violation performance_regression',
      'violation latency_breach',
      'resolved latency_breach',
      'resolved performance_regression',
    ]);
    const breach = (s: number) => (s >= 7200 && s < 12_000 ? 330 : 130);
    expect(found(feed(start({}), noisy(6, breach)))).toEqual([
      'violation latency_breach',
      'resolved latency_breach',
    ]);
  });

  it('is one of the service when all replicas have it, and the replica’s when one has', () => {
    const replicas = ['a', 'b', 'c'];
    const of = (bad: readonly string[]) =>
      noisy(3, () => 1).flatMap(({ atMs, value }) =>
        replicas.map((replica, i) => {
          const level = bad.includes(replica) ? shift((atMs - T0) / 1000) : 130;
          return { ...at(0, value * level, replica), atMs: atMs + i * 3000 };
        }),
      );
    const scopes = (bad: readonly string[]) =>
      feed(start({}), of(bad)).flatMap((e) =>
        e.type === 'violation' ? [e.violation.replica ?? 'service'] : [],
      );
    expect(scopes(replicas)).toEqual(['service']);
    expect(scopes(['b'])).toEqual(['b']);
  });

  it('goes on over a restart with its frozen baseline', () => {
    const samples = noisy(6, shift);
    const half = Math.floor(samples.length / 2);
    const evaluator = start({});
    const first = feed(evaluator, samples.slice(0, half));
    const saved = JSON.parse(JSON.stringify(evaluator.snapshot())) as SlaSnapshot;
    const second = feed(SlaEvaluator.restore(saved, [latency()], policy), samples.slice(half));
    expect([...first, ...second].map((e) => [e.type, e.atMs])).toEqual(
      feed(start({}), samples).map((e) => [e.type, e.atMs]),
    );
  });

  it('becomes the new normal after a day', () => {
    const events = feed(
      start({}),
      noisy(34, (s) => (s >= 7200 ? 180 : 130), 60),
    );
    expect(found(events)).toEqual([
      'violation performance_regression',
      'resolved performance_regression',
    ]);
    expect(events.at(-1)).toMatchObject({ because: 'new-normal' });
  });

  it('is not looked for where worse is not defined, or availability says it', () => {
    const both = start({}, { name: 'low', direction: 'lower', target: 50 });
    expect(found(feed(both, noisy(6, shift)))).toEqual([]);
    const up = start({ violationType: 'availability_loss' });
    expect(found(feed(up, noisy(6, shift)))).toEqual([]);
  });
});
