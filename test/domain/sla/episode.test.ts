import { describe, expect, it } from 'vitest';

import { at, evaluatorOf, feed, latency, series, story, T0 } from './feed.js';

describe('severity', () => {
  it('is that of the median, and rises while the violation is open, but never falls', () => {
    const level = (s: number) => (s < 600 ? 255 : s < 1200 ? 270 : s < 1800 ? 300 : 255);
    const events = feed(evaluatorOf(), series(0, 3000, 1, level));
    expect(story(events)).toEqual([
      'violation service minor @150',
      // More than half of (450, 750] is at 270.
      'severity service major @750',
      'severity service critical @1350',
    ]);
    expect(events.filter((e) => e.type === 'severity')[0]).toMatchObject({ previous: 'minor' });
  });
});

describe('resolution', () => {
  it('comes when 80 % of the window is compliant and stays so for a window', () => {
    const events = feed(
      evaluatorOf(),
      series(0, 3000, 1, (s) => (s >= 600 && s < 1500 ? 300 : 150)),
    );
    expect(story(events)).toEqual([
      'violation service critical @839',
      // 240 good ones in the window at 1739, and a window more.
      'resolved service critical @2039',
    ]);
    expect(events.at(-1)).toMatchObject({ because: 'compliant' });
  });

  it.each([1, 10, 60])('makes one violation of a 4-min on/off wave, every %d s', (periodS) => {
    const wave = series(0, 8 * 3600, periodS, (s) => (Math.floor(s / 240) % 2 === 0 ? 300 : 150));
    expect(story(feed(evaluatorOf(), wave)).filter((line) => line.startsWith('v'))).toHaveLength(1);
  });

  it('takes longer where samples stay close to the limit', () => {
    const closeBy = feed(
      evaluatorOf(),
      series(0, 4000, 1, (s) => (s >= 600 && s < 1500 ? 300 : 245)),
    );
    expect(story(closeBy)).toEqual([
      'violation service critical @839',
      'resolved service critical @2639',
    ]);
  });

  it('does not happen by silence', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 300, 1, () => 300),
    );
    const events = [...evaluator.advance(T0 + 86_400_000)];
    expect(events).toEqual([
      {
        type: 'no-data',
        metric: 'latency',
        service: 'chat',
        replica: undefined,
        sinceMs: T0 + 299_000,
        atMs: T0 + 329_000,
      },
    ]);
    expect(evaluator.open()).toHaveLength(1);
  });
});

describe('silence', () => {
  it('is reported once, at the time it was due, and its end as well', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 600, 15, () => 150),
    );
    expect(evaluator.advance(T0 + 629_999)).toEqual([]);
    expect(evaluator.advance(T0 + 700_000)).toMatchObject([
      { type: 'no-data', atMs: T0 + 630_000 },
    ]);
    expect(evaluator.advance(T0 + 800_000)).toEqual([]);
    evaluator.advance(T0 + 900_000);
    evaluator.observe(at(900, 150));
    expect(evaluator.advance(T0 + 903_000)).toMatchObject([
      { type: 'data-returned', sinceMs: T0 + 585_000, atMs: T0 + 900_000 },
    ]);
  });

  it('is the same when nobody looked at the clock meanwhile', () => {
    const evaluator = evaluatorOf({}, { latenessMs: 0 });
    const events = feed(evaluator, [...series(0, 60, 1, () => 150), at(600, 150)]);
    expect(events.map((e) => [e.type, (e.atMs - T0) / 1000])).toEqual([
      ['no-data', 89],
      ['data-returned', 600],
    ]);
  });

  it('of a long time lets go of the stream', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 60, 1, () => 150, ['a', 'b']),
    );
    feed(
      evaluator,
      series(60, 9 * 3600, 60, () => 150, ['a']),
    );
    expect(evaluator.snapshot().streams.map((s) => s.replica)).toEqual(['a']);
  });
});

describe('reconfiguration', () => {
  it('keeps the windows of unchanged thresholds and ends those of removed ones', () => {
    const evaluator = evaluatorOf();
    const other = latency({ name: 'other', target: 100 });
    evaluator.reconfigure([latency(), other]);
    feed(
      evaluator,
      series(0, 200, 1, () => 200),
    );
    expect(evaluator.open().map((v) => v.threshold)).toEqual(['other']);
    const events = evaluator.reconfigure([latency()]);
    expect(events).toMatchObject([{ type: 'resolved', because: 'threshold-removed' }]);
    // 200 compliant samples are remembered: 240 breaches are needed, not 150.
    expect(
      story(
        feed(
          evaluator,
          series(200, 500, 1, () => 300),
        ),
      ),
    ).toEqual(['violation service critical @439']);
  });

  it('judges the samples of a changed threshold by its new limit', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 300, 1, () => 240),
    );
    evaluator.reconfigure([latency({ tolerancePercent: 10 })]);
    expect(story(feed(evaluator, [at(300, 240)]))).toEqual(['violation service major @300']);
  });

  it('ends the violation of a disabled threshold, and begins anew when it is enabled', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 300, 1, () => 300),
    );
    expect(evaluator.reconfigure([latency({ enabled: false })])).toHaveLength(1);
    expect(
      feed(
        evaluator,
        series(300, 600, 1, () => 300),
      ),
    ).toEqual([]);
    evaluator.reconfigure([latency()]);
    expect(
      story(
        feed(
          evaluator,
          series(600, 800, 1, () => 300),
        ),
      ),
    ).toEqual(['violation service critical @750']);
  });

  it('refuses two thresholds of one name', () => {
    expect(() => evaluatorOf().reconfigure([latency(), latency()])).toThrow(
      'threshold "latency": the name is used twice',
    );
  });
});

describe('the summary', () => {
  it('is 100 % without samples', () => {
    expect(evaluatorOf().summary(T0)).toMatchObject({ compliancePercent: 100, active: [] });
  });

  it('counts compliance, violations of the day and the heat map', () => {
    const evaluator = evaluatorOf();
    feed(
      evaluator,
      series(0, 3600, 1, (s) => (s < 900 ? 300 : 150)),
    );
    const summary = evaluator.summary(T0 + 3_600_000);
    expect(summary.compliancePercent).toBeGreaterThan(75);
    expect(summary.compliancePercent).toBeLessThan(82);
    expect(summary.active).toEqual([]);
    expect(summary.lastDay).toMatchObject({
      total: 1,
      bySeverity: { minor: 0, major: 0, critical: 1 },
      byType: { latency_breach: 1, error_rate_spike: 0 },
    });
    const [row] = summary.heatMap;
    expect(row).toMatchObject({ service: 'chat', threshold: 'latency' });
    expect(row?.buckets.reduce((sum, b) => sum + b.samples, 0)).toBe(3600);
    expect(row?.buckets.reduce((sum, b) => sum + b.breaches, 0)).toBe(900);
    expect(evaluator.summary(T0 + 2 * 86_400_000).lastDay.total).toBe(0);
  });
});
