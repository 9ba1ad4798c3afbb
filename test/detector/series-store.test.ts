import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { SeriesStore } from '../../src/detector/series-store.js';

const key = { service: 'chat', replica: 'e1', metric: 'm' };
const all = { service: 'chat', fromMs: -Infinity, toMs: Infinity };

describe('series store', () => {
  it('reads what was written, by service, replica, metric and time', async () => {
    const store = new SeriesStore();
    for (let i = 0; i < 100; i += 1) {
      store.record(key, i, i * 2);
      store.record({ ...key, replica: undefined }, i, 7);
      store.record({ ...key, metric: 'n' }, i, 8);
      store.record({ ...key, service: 'other' }, i, 9);
    }
    const query = { service: 'chat', replica: 'e1', metrics: ['m'], fromMs: 10, toMs: 12 };
    expect(await store.range(query)).toEqual([
      { ...key, timesMs: [10, 11, 12], values: [20, 22, 24] },
    ]);
    expect(await store.range(all)).toHaveLength(3);
    expect(await store.range({ ...all, metrics: [] })).toEqual([]);
    expect(await store.range({ ...all, service: 'none' })).toEqual([]);
    expect(await store.range({ ...query, fromMs: 1000, toMs: 2000 })).toEqual([]);
    expect(store.latest(key)).toEqual({ atMs: 99, value: 198 });
    expect(store.latest({ ...key, metric: 'none' })).toBeUndefined();
  });

  it('puts late samples into their place, keeps the first of two, refuses what is no number', () => {
    const store = new SeriesStore({ retentionMs: 100 });
    expect(store.record(key, 200, 1)).toBe('stored');
    expect(store.record(key, 230, 4)).toBe('stored');
    expect(store.record(key, 210, 2)).toBe('reordered');
    expect(store.record(key, 220, 3)).toBe('reordered');
    expect(store.record(key, 210, 9)).toBe('duplicate');
    expect(store.record(key, 230, 9)).toBe('duplicate');
    expect(store.record(key, 129, 9)).toBe('late');
    expect(store.record(key, 240, NaN)).toBe('non-finite');
    expect(store.record(key, 240, -Infinity)).toBe('non-finite');
    expect(store.rangeNow(all)[0]).toMatchObject({
      timesMs: [200, 210, 220, 230],
      values: [1, 2, 3, 4],
    });
  });

  it('holds what a sorted map of the last hour holds, whatever the order of arrival', () => {
    const samples = fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 300 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
    );
    fc.assert(
      fc.property(samples, (given) => {
        const retentionMs = 100;
        const store = new SeriesStore({ retentionMs });
        let model = new Map<number, number>();
        let newest = -Infinity;
        for (const [atMs, value] of given) {
          store.record(key, atMs, value);
          // Dropped as new ones arrive; what is older than that is refused.
          if (atMs < newest - retentionMs) continue;
          if (!model.has(atMs)) model.set(atMs, value);
          if (atMs > newest) {
            newest = atMs;
            model = new Map([...model].filter(([at]) => at >= newest - retentionMs));
          }
        }
        const sorted = [...model].sort(([a], [b]) => a - b);
        const [series] = store.rangeNow(all);
        expect(series?.timesMs ?? []).toEqual(sorted.map(([at]) => at));
        expect(series?.values ?? []).toEqual(sorted.map(([, value]) => value));
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('holds the default metrics of three replicas for an hour at 1 s in less than 10 MB', () => {
    const store = new SeriesStore({ retentionMs: 3_600_000 });
    for (let second = 0; second < 2 * 3600; second += 1) {
      for (let series = 0; series < 21; series += 1) {
        const replica = `e${series % 3}`;
        store.record({ service: 'chat', replica, metric: `m${series % 7}` }, second * 1000, second);
      }
    }
    expect(store.seriesCount).toBe(21);
    expect(store.rangeNow(all)[0]!.timesMs).toHaveLength(3601);
    expect(store.bytes).toBeLessThan(10e6);
  });

  it('refuses new series when its memory is used up, and takes them again once others are gone', () => {
    const store = new SeriesStore({ maxBytes: 1000 });
    const names = Array.from({ length: 10 }, (_, i) => ({ ...key, metric: `m${i}` }));
    const results = names.map((name, i) => store.record(name, i, 1));
    expect(results).toEqual([...Array<string>(4).fill('stored'), ...Array<string>(6).fill('full')]);
    expect(store.counts.full).toBe(6);
    expect(store.forgetBefore(2)).toBe(2);
    expect(store.record(names[9]!, 9, 1)).toBe('stored');
  });

  it('forgets series that have aged out, and takes them back when they return', () => {
    const store = new SeriesStore({ retentionMs: 1000 });
    const gone = store.open({ ...key, metric: 'gone' })!;
    store.append(gone, 0, 1);
    for (let i = 0; i < 100; i += 1) store.record(key, i * 100, i);
    store.record({ ...key, metric: 'new' }, 10_000, 1);
    expect([...store.series()].map(({ metric }) => metric)).toEqual(['m', 'new']);
    // Whoever still holds it may go on.
    store.append(gone, 10_100, 2);
    expect(store.latest({ ...key, metric: 'gone' })).toEqual({ atMs: 10_100, value: 2 });
  });
});
