import { describe, expect, it } from 'vitest';
import { outlooks } from '../../src/detector/outlook.js';
import { SeriesStore } from '../../src/detector/series-store.js';
import { suggestThresholds } from '../../src/detector/threshold-suggestions.js';
import { DEFAULT_THRESHOLDS, type Threshold } from '../../src/domain/sla/threshold.js';

const T0 = Date.UTC(2026, 0, 5);
const [P95] = DEFAULT_THRESHOLDS as [Threshold, ...Threshold[]];

/** A store with a series whose value is a function of the sample's number, one a second. */
function storeOf(
  count: number,
  valueAt: (i: number) => number,
  replicas: readonly (string | undefined)[] = [undefined],
): SeriesStore {
  const store = new SeriesStore({ retentionMs: 24 * 3_600_000 });
  for (const replica of replicas) {
    for (let i = 0; i < count; i += 1) {
      const key = { service: 'chat', replica, metric: P95.metric };
      store.record(key, T0 + i * 1000, valueAt(i));
    }
  }
  return store;
}

describe('outlooks', () => {
  it('says when a trend will reach the limit', () => {
    // 100 ms and a tenth of a ms more each second: the limit of 250 is 500 s ahead of the last one.
    const [view] = outlooks(storeOf(1001, (i) => 100 + i / 10).series(), [P95], T0 + 1_000_000);
    expect(view).toMatchObject({ threshold: P95.name, service: 'chat', outlook: 'breach-ahead' });
    expect(view?.breachInSeconds).toBeCloseTo(500, 0);
  });

  it('takes the service’s own series before its replicas’, and leaves disabled thresholds out', () => {
    const store = storeOf(600, () => 100);
    for (let i = 0; i < 600; i += 1) {
      const key = { service: 'chat', replica: 'engine-1', metric: P95.metric };
      store.record(key, T0 + i * 1000, 100 + i / 5);
    }
    const views = outlooks(store.series(), [P95], T0 + 600_000);
    expect(views).toEqual([
      expect.objectContaining({
        replica: undefined,
        outlook: 'steady',
        breachInSeconds: undefined,
      }),
    ]);
    expect(outlooks(store.series(), [{ ...P95, enabled: false }], T0 + 600_000)).toEqual([]);
  });

  it('names the replica that gets there first where the service has no series', () => {
    const store = storeOf(600, (i) => 100 + i / 10, ['engine-1']);
    for (let i = 0; i < 600; i += 1) {
      const key = { service: 'chat', replica: 'engine-2', metric: P95.metric };
      store.record(key, T0 + i * 1000, 100 + i / 5);
    }
    expect(outlooks(store.series(), [P95], T0 + 600_000)[0]?.replica).toBe('engine-2');
  });
});

describe('suggestThresholds', () => {
  /** Cycles 90..110 ms; the worst is 110, with a tenth of headroom 121. */
  const wave = (i: number) => 90 + (i % 21);

  it('proposes a tolerance from normal times, with what it rests on', () => {
    const tight = { ...P95, target: 100, tolerancePercent: 5 };
    const [found] = suggestThresholds([tight], storeOf(2100, wave).series(), [], T0 + 2_100_000);
    expect(found).toMatchObject({
      ...{
        name: P95.name,
        verdict: 'change',
        samples: 2100,
        tolerancePercentNow: 5,
        limitNow: 105,
      },
      proposed: { tolerancePercent: 21, limit: 121, breachRatioThen: 0 },
    });
    expect(found?.proposed?.breachRatioNow).toBeCloseTo(5 / 21, 6);
  });

  it('leaves out what was measured while it was violated', () => {
    const tight = { ...P95, target: 100, tolerancePercent: 21, windowMs: 10_000 };
    const store = storeOf(3000, (i) => (i >= 2000 && i < 2400 ? 900 : wave(i)));
    const violation = {
      ...{ fingerprint: `chat:*:${P95.name}`, violationType: P95.violationType },
      ...{
        severity: 'critical' as const,
        openedAtMs: T0 + 2_010_000,
        resolvedAtMs: T0 + 2_400_000,
      },
    };
    const [found] = suggestThresholds([tight], store.series(), [violation], T0 + 3_000_000);
    expect(found).toMatchObject({ verdict: 'keep', proposed: undefined });
    const [without] = suggestThresholds([tight], store.series(), [], T0 + 3_000_000);
    expect(without?.verdict).toBe('change');
  });

  it('says that there are too few samples', () => {
    const [found] = suggestThresholds([P95], storeOf(10, wave).series(), [], T0 + 10_000);
    expect(found).toMatchObject({ verdict: 'keep', reason: '10 samples; 1440 are needed' });
  });
});
