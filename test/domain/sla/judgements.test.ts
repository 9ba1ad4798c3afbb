import { describe, expect, it } from 'vitest';

import { proposeTolerance } from '../../../src/domain/sla/auto-tune.js';
import {
  availabilityOf,
  isHung,
  REPLICA_AVAILABILITY,
} from '../../../src/domain/sla/availability.js';
import { BurnRate, BURN_RATE_RULES, burnRateOf } from '../../../src/domain/sla/burn-rate.js';
import { SlaEvaluator } from '../../../src/domain/sla/evaluator.js';
import { forecastBreach } from '../../../src/domain/sla/forecast.js';
import { chanceOfAtLeast, NoiseGuard } from '../../../src/domain/sla/noise-guard.js';
import { feed, latency, RULE_ONLY, T0 } from './feed.js';
import { normal, seededRandom } from './labelled-streams.js';

const MINUTE = 60_000;

describe('a hung engine', () => {
  const engine = (seconds: number, tokens: (s: number) => number, running = 2, waiting = 0) =>
    Array.from({ length: seconds + 1 }, (_, s) => ({
      atMs: T0 + s * 1000,
      running,
      waiting,
      generatedTokens: tokens(s),
    }));

  it.each([
    { name: 'has work and makes no token', window: engine(20, () => 7), hung: true },
    { name: 'has a queue only', window: engine(20, () => 7, 0, 3), hung: true },
    { name: 'makes tokens', window: engine(20, (s) => s), hung: false },
    { name: 'is idle', window: engine(20, () => 7, 0, 0), hung: false },
    { name: 'has not been watched for long enough', window: engine(14, () => 7), hung: false },
    { name: 'has just made a token', window: engine(20, (s) => (s >= 10 ? 8 : 7)), hung: false },
    { name: 'has restarted', window: engine(20, (s) => (s < 10 ? 900 : 0)), hung: false },
    {
      name: 'was not watched in between',
      window: engine(40, () => 7).filter((_, i) => i < 3 || i > 38),
      hung: false,
    },
    { name: 'is unknown', window: [], hung: false },
  ])('$name: $hung', ({ window, hung }) => {
    expect(isHung(window)).toBe(hung);
  });

  it.each([
    [true, true, false, 1],
    [true, undefined, false, 1],
    [false, true, false, 0],
    [true, false, false, 0],
    [true, true, true, 0],
  ] as const)('scraped %s, healthy %s, hung %s: up %d', (isScraped, isHealthy, isHung_, up) => {
    expect(availabilityOf({ isScraped, isHealthy, isHung: isHung_ })).toBe(up);
  });

  it('is a critical loss of availability of its replica, once', () => {
    const evaluator = new SlaEvaluator([REPLICA_AVAILABILITY], RULE_ONLY);
    const samples = Array.from({ length: 120 }, (_, s) =>
      ['a', 'b', 'c'].map((replica) => ({
        metric: 'up',
        service: 'chat',
        replica,
        atMs: T0 + s * 1000,
        value: replica === 'b' && s >= 60 ? 0 : 1,
      })),
    ).flat();
    expect(feed(evaluator, samples).filter((e) => e.type === 'violation')).toMatchObject([
      {
        atMs: T0 + 83_000,
        violation: { replica: 'b', severity: 'critical', violationType: 'availability_loss' },
      },
    ]);
  });
});

describe('the burn rate', () => {
  const objective = { objectiveRatio: 0.999, minBadEvents: 10 };
  const spend = (minutes: number, badRatio: (minute: number) => number, perMinute = 1000) => {
    const burn = new BurnRate(objective);
    for (let m = 0; m < minutes; m += 1)
      burn.add(T0 + m * MINUTE, badRatio(m) * perMinute, perMinute);
    return burn;
  };
  const firing = (burn: BurnRate, minute: number) =>
    burn
      .readings(T0 + minute * MINUTE)
      .filter((r) => r.isFiring)
      .map((r) => r.rule.burnRate);

  it('is the error ratio over the budget', () => {
    expect(burnRateOf(5, 1000, 0.999)).toBeCloseTo(5, 9);
    expect(burnRateOf(0, 0, 0.999)).toBe(0);
  });

  it('has the rules of the SRE workbook', () => {
    const table = BURN_RATE_RULES.map((r) => [r.burnRate, r.longMs / MINUTE, r.shortMs / MINUTE]);
    expect(table).toEqual([
      [14.4, 60, 5],
      [6, 360, 30],
      [3, 1440, 120],
      [1, 4320, 360],
    ]);
  });

  it('fires by the rules whose both windows burn', () => {
    expect(
      firing(
        spend(4320, () => 0.0005),
        4319,
      ),
    ).toEqual([]);
    expect(
      firing(
        spend(4320, () => 0.002),
        4319,
      ),
    ).toEqual([1]);
    expect(
      firing(
        spend(4320, () => 0.02),
        4319,
      ),
    ).toEqual([14.4, 6, 3, 1]);
    // All of the hour burnt, but the last five minutes are good: it is over.
    expect(
      firing(
        spend(60, (m) => (m < 54 ? 0.05 : 0)),
        59,
      ),
    ).not.toContain(14.4);
  });

  it('is silent with little traffic, and counts what makes sense only', () => {
    expect(
      firing(
        spend(60, () => 0.05, 1),
        59,
      ),
    ).toEqual([]);
    const burn = new BurnRate(objective);
    for (const [bad, total] of [
      [5, 1],
      [-1, 5],
      [Number.NaN, 5],
      [1, Infinity],
    ] as const)
      burn.add(T0, bad, total);
    expect(burn.snapshot()).toEqual([]);
    expect(() => new BurnRate({ ...objective, objectiveRatio: 1 })).toThrow(RangeError);
  });

  it('goes on from its saved state, and forgets what is older than its longest window', () => {
    const burn = spend(4000, (m) => (m % 7 === 0 ? 0.03 : 0));
    const saved = JSON.parse(JSON.stringify(burn.snapshot())) as ReturnType<BurnRate['snapshot']>;
    const restored = new BurnRate(objective, BURN_RATE_RULES, saved);
    expect(restored.readings(T0 + 3999 * MINUTE)).toEqual(burn.readings(T0 + 3999 * MINUTE));
    expect(burn.readings(T0 + 9000 * MINUTE).every((r) => r.longBurnRate === 0)).toBe(true);
  });
});

describe('the forecast', () => {
  const times = Array.from({ length: 60 }, (_, i) => T0 + i * MINUTE);
  const gauss = normal(seededRandom(2));

  it('tells the time to the limit from the trend, whatever outliers', () => {
    const values = times.map((_, i) => (i % 10 === 3 ? 5000 : 100 + i));
    const forecast = forecastBreach(times, values, latency());
    // 159 at the end, 1 a minute, limit 250: 91 minutes.
    expect(forecast).toMatchObject({ outlook: 'breach-ahead' });
    expect(forecast.outlook === 'breach-ahead' && forecast.inMs / MINUTE).toBeCloseTo(91, 0);
  });

  it.each([
    { name: 'noise', values: times.map(() => 150 + 15 * gauss()), outlook: 'steady' },
    { name: 'a constant', values: times.map(() => 150), outlook: 'steady' },
    { name: 'an improvement', values: times.map((_, i) => 200 - i), outlook: 'steady' },
    { name: 'a crossing far away', values: times.map((_, i) => 100 + i / 1000), outlook: 'steady' },
    { name: 'beyond the limit', values: times.map((_, i) => 260 + i), outlook: 'breached' },
    { name: 'few points', values: [1, 2, 3], outlook: 'unknown' },
    { name: 'NaN', values: times.map(() => Number.NaN), outlook: 'unknown' },
  ])('of $name is $outlook', ({ values, outlook }) => {
    expect(forecastBreach(times, values, latency()).outlook).toBe(outlook);
  });
});

describe('the tuning proposal', () => {
  const gauss = normal(seededRandom(8));
  const around = (level: number, sd: number) =>
    Array.from({ length: 5000 }, () => level + sd * gauss());

  it('loosens a limit inside the noise, and tightens one far away', () => {
    const loose = proposeTolerance(around(240, 12), latency());
    expect(loose).toMatchObject({ verdict: 'change' });
    if (loose.verdict !== 'change') return;
    expect(loose.breachRatioNow).toBeGreaterThan(0.15);
    expect(loose.breachRatioThen).toBeLessThan(0.001);
    // 240 + 3.1 × 12 = 277, and a tenth: 305, which is 52 % above 200.
    expect(loose.tolerancePercent).toBeGreaterThan(47);
    expect(loose.tolerancePercent).toBeLessThan(58);
    const tight = proposeTolerance(around(170, 5), latency({ tolerancePercent: 50 }));
    expect(tight).toMatchObject({
      verdict: 'change',
      tolerancePercent: expect.closeTo(2, -1) as number,
    });
  });

  it('never puts the limit on the wrong side of the target', () => {
    const far = proposeTolerance(around(20, 1), latency());
    expect(far).toMatchObject({ verdict: 'change', tolerancePercent: 0 });
  });

  it.each([
    { name: 'too little history', values: [1, 2, 3], threshold: latency() },
    { name: 'a target of 0', values: around(1, 1), threshold: latency({ target: 0 }) },
    { name: 'a limit that fits', values: around(212, 5), threshold: latency() },
  ])('keeps the threshold with $name', ({ values, threshold }) => {
    expect(proposeTolerance(values, threshold).verdict).toBe('keep');
  });
});

describe('the noise guard', () => {
  it.each([
    // Binomial tails by hand: 5 × 0.2⁴ × 0.8 + 0.2⁵, 0.5³, 1 − 0.9².
    [4, 5, 0.2, 0.00672],
    [3, 3, 0.5, 0.125],
    [1, 2, 0.1, 0.19],
    [0, 5, 0, 1],
    [1, 5, 0, 0],
    [5, 5, 1, 1],
  ])('knows the chance of at least %d of %d at %d', (hits, trials, share, chance) => {
    expect(chanceOfAtLeast(hits, trials, share)).toBeCloseTo(chance, 10);
  });

  it('doubts few samples of a stream that is often beyond its limit only', () => {
    const usual = new NoiseGuard();
    const noisy = new NoiseGuard();
    for (let i = 0; i < 60; i += 1) {
      usual.learn(false);
      noisy.learn(i % 6 === 0);
    }
    expect(usual.doubts(4, 5)).toBe(false);
    expect(noisy.doubts(4, 5)).toBe(true);
    expect(noisy.doubts(24, 30)).toBe(false);
    expect(new NoiseGuard().doubts(4, 5)).toBe(false);
    expect(NoiseGuard.restore(noisy.snapshot()).snapshot()).toEqual(noisy.snapshot());
  });
});
