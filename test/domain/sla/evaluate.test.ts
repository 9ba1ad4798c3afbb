import { describe, expect, it } from 'vitest';

import { effectiveWindowMs } from '../../../src/domain/sla/evaluate.js';
import { at, evaluatorOf, feed, series, story, T0 } from './feed.js';

describe('the rule', () => {
  it.each([
    // A breach from 600 s on; 80 % of 300 s is 240 s, whose last sample is a period before.
    { periodS: 0.1, detected: 839.9 },
    { periodS: 1, detected: 839 },
    { periodS: 10, detected: 830 },
    { periodS: 15, detected: 825 },
    { periodS: 60, detected: 780 },
  ])('finds a breach when 80 % of the window is beyond the limit, every $periodS s', (row) => {
    const steps = Math.round(1000 / row.periodS);
    const samples = Array.from({ length: steps }, (_, i) => i * row.periodS).map((s) =>
      at(s, s >= 600 ? 300 : 150),
    );
    expect(story(feed(evaluatorOf(), samples))).toEqual([
      `violation service critical @${row.detected}`,
    ]);
  });

  it('counts a sample at the limit as compliant, and the next number above it as a breach', () => {
    const atLimit = feed(
      evaluatorOf(),
      series(0, 900, 1, () => 250),
    );
    const above = feed(
      evaluatorOf(),
      series(0, 900, 1, () => 250.0001),
    );
    expect(story(atLimit)).toEqual([]);
    expect(story(above)).toEqual(['violation service minor @150']);
  });

  it('needs 80 %, not 79 %', () => {
    const share = (bad: number) => series(0, 1200, 1, (s) => (s % 100 < bad ? 300 : 150));
    expect(story(feed(evaluatorOf(), share(79)).filter((e) => e.atMs >= T0 + 400_000))).toEqual([]);
    expect(story(feed(evaluatorOf({}, { coldStartPercent: 100 }), share(80)))).toHaveLength(1);
  });

  it('judges a lower bound by values below it', () => {
    const tokens = { direction: 'lower', target: 100, tolerancePercent: 20 } as const;
    const evaluator = evaluatorOf(tokens);
    const events = feed(
      evaluator,
      series(0, 600, 1, () => 79),
    );
    expect(story(events)).toEqual(['violation service minor @150']);
    expect(evaluator.open()[0]).toMatchObject({ limit: 80, value: 79, direction: 'lower' });
    expect(
      story(
        feed(
          evaluatorOf(tokens),
          series(0, 600, 1, () => 80),
        ),
      ),
    ).toEqual([]);
  });

  it('reports median, limit, start and detection', () => {
    const evaluator = evaluatorOf();
    const events = feed(
      evaluator,
      series(0, 900, 1, (s) => (s >= 600 ? 300 + (s % 3) : 150)),
    );
    const [found] = events.filter((e) => e.type === 'violation');
    expect(found).toMatchObject({
      violation: {
        fingerprint: 'chat:*:latency',
        startedAtMs: T0 + 600_000,
        detectedAtMs: T0 + 839_000,
        limit: 250,
        windowMs: 300_000,
        violationType: 'latency_breach',
      },
    });
    // 60 good ones at 150, then 80 each of 300, 301, 302: the lower middle of 300 is the 150th.
    expect(evaluator.open()[0]?.value).toBeGreaterThanOrEqual(300);
    expect(found?.violation.value).toBe(301);
  });

  it('announces the first breach as pending, once', () => {
    const events = feed(evaluatorOf(), [
      ...series(0, 100, 1, () => 150),
      ...series(100, 110, 1, () => 300),
      ...series(110, 500, 1, () => 150),
      ...series(500, 502, 1, () => 300),
    ]);
    const breaches = events.filter((e) => e.type === 'breach');
    expect(breaches.map((e) => (e.atMs - T0) / 1000)).toEqual([100, 500]);
    expect(story(events)).toEqual([]);
  });
});

describe('a cold start', () => {
  it('opens nothing before the window is covered for its share', () => {
    const bad = series(0, 400, 1, () => 300);
    expect(story(feed(evaluatorOf(), bad))).toEqual(['violation service critical @150']);
    const late = evaluatorOf({}, { coldStartPercent: 90 });
    expect(story(feed(late, bad))).toEqual(['violation service critical @270']);
  });

  it('needs five samples', () => {
    const few = evaluatorOf({}, { coldStartPercent: 0 });
    expect(
      story(
        feed(
          few,
          series(0, 4, 1, () => 300),
        ),
      ),
    ).toEqual([]);
    few.advance(T0 + 60_000);
    expect(story(feed(few, [at(61, 300), at(62, 300)]))).toHaveLength(0);
    expect(few.open()).toHaveLength(0);
    expect(story([...few.advance(T0 + 70_000)])).toHaveLength(1);
  });

  it('starts anew after a gap, which counts neither good nor bad', () => {
    const events = feed(evaluatorOf(), [
      ...series(0, 200, 1, () => 150),
      ...series(3000, 3400, 1, () => 300),
    ]);
    expect(story(events)).toEqual(['violation service critical @3149']);
  });

  it('goes on over a gap inside the window', () => {
    const events = feed(evaluatorOf(), [
      ...series(0, 300, 1, () => 150),
      ...series(300, 400, 1, () => 300),
      ...series(500, 900, 1, () => 300),
    ]);
    // At 559: 160 of the 200 samples in (259, 559] are bad.
    expect(story(events)).toEqual(['violation service critical @559']);
  });
});

describe('the window', () => {
  it.each([
    { windowMs: 300_000, periodMs: 1_000, effective: 300_000 },
    { windowMs: 180_000, periodMs: 60_000, effective: 270_000 },
    { windowMs: 180_000, periodMs: undefined, effective: 180_000 },
  ])('is widened to hold five samples: $windowMs at $periodMs', (row) => {
    expect(effectiveWindowMs(row.windowMs, row.periodMs, 5)).toBe(row.effective);
  });

  it('of 3 minutes finds a breach at a period of 60 s, and says how long it is', () => {
    const evaluator = evaluatorOf({ windowMs: 180_000 });
    const events = feed(
      evaluator,
      series(0, 1800, 60, (s) => (s >= 900 ? 300 : 150)),
    );
    expect(story(events)).toEqual(['violation service critical @1080']);
    expect(evaluator.open()[0]?.windowMs).toBe(270_000);
  });

  it('finds a breach at 60 s though one scrape is lost', () => {
    const samples = series(0, 3000, 60, (s) => (s >= 900 ? 300 : 150));
    const lossy = samples.filter((sample) => sample.atMs !== T0 + 1_020_000);
    expect(story(feed(evaluatorOf(), lossy))).toEqual(['violation service critical @1140']);
  });

  it('of 15 minutes is not cut short', () => {
    const long = { windowMs: 900_000 };
    const events = feed(
      evaluatorOf(long),
      series(0, 3600, 1, (s) => (s >= 1800 ? 300 : 150)),
    );
    expect(story(events)).toEqual(['violation service critical @2519']);
  });
});

describe('the demand gate', () => {
  const gated = { minDemandPerSecond: 1 };

  it('takes samples without demand for no evidence', () => {
    const idle = Array.from({ length: 900 }, (_, s) => at(s, 300, undefined, 0.5));
    expect(story(feed(evaluatorOf(gated), idle))).toEqual([]);
  });

  it('takes samples of unknown or enough demand', () => {
    expect(
      story(
        feed(
          evaluatorOf(gated),
          series(0, 300, 1, () => 300),
        ),
      ),
    ).toHaveLength(1);
    const busy = Array.from({ length: 300 }, (_, s) => at(s, 300, undefined, 1));
    expect(story(feed(evaluatorOf(gated), busy))).toHaveLength(1);
  });

  it('ends a violation when nobody has asked for two windows', () => {
    const events = feed(evaluatorOf(gated), [
      ...series(0, 300, 1, () => 300),
      ...Array.from({ length: 700 }, (_, i) => at(300 + i, 300, undefined, 0)),
    ]);
    expect(story(events)).toEqual([
      'violation service critical @150',
      'resolved service critical @900',
    ]);
    expect(events.at(-1)).toMatchObject({ because: 'no-demand' });
  });
});
