import { describe, expect, it } from 'vitest';
import { SeriesStore } from '../../src/detector/series-store.js';
import { recentSlis } from '../../src/detector/recent-slis.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';

const NOW_MS = 1_800_000_000_000;
const P95 = DEFAULT_THRESHOLDS.filter(({ name }) => name === 'request_latency_p95');
const TOKENS = DEFAULT_THRESHOLDS.filter(({ name }) => name === 'tokens_per_second');

/** A sample every 10 s over the last hour; `value` by minutes ago. */
function fill(
  store: SeriesStore,
  metric: string,
  replica: string | undefined,
  value: (minutesAgo: number) => number,
) {
  for (let agoMs = 3_500_000; agoMs >= 0; agoMs -= 10_000) {
    store.record({ service: 'chat', replica, metric }, NOW_MS - agoMs, value(agoMs / 60_000));
  }
}

describe('the last hour of the SLIs', () => {
  it('prefers the service’s own series, and keeps the worst sample of each half minute', () => {
    const store = new SeriesStore();
    fill(store, 'request_latency_p95', undefined, (ago) => (ago < 0.01 ? 300 : 100));
    fill(store, 'request_latency_p95', 'engine-1', () => 900);
    const [sli] = recentSlis(store, ['chat'], P95, NOW_MS);
    expect(sli).toMatchObject({ service: 'chat', replica: undefined, value: 300, atMs: NOW_MS });
    expect(sli?.values).toHaveLength(120);
    expect(sli?.values.at(-1)).toBe(300);
    expect(sli?.values.at(-2)).toBe(100);
  });

  it('takes the replica that is worst now where the service has none, by the threshold’s direction', () => {
    const store = new SeriesStore();
    fill(store, 'tokens_per_second', 'engine-1', () => 50);
    fill(store, 'tokens_per_second', 'engine-2', () => 120);
    expect(recentSlis(store, ['chat'], TOKENS, NOW_MS)[0]).toMatchObject({
      replica: 'engine-1',
      value: 50,
    });
  });

  it('says by how much the last quarter of an hour is worse, whatever the direction', () => {
    const store = new SeriesStore();
    fill(store, 'request_latency_p95', undefined, (ago) => (ago < 15 ? 150 : 100));
    fill(store, 'tokens_per_second', undefined, (ago) => (ago < 15 ? 50 : 100));
    const found = recentSlis(store, ['chat'], [...P95, ...TOKENS], NOW_MS);
    expect(found.map(({ worsePercent }) => worsePercent)).toEqual([50, 50]);
  });

  it('claims no change without a baseline, and nothing of metrics without samples', () => {
    const store = new SeriesStore();
    store.record({ service: 'chat', replica: undefined, metric: 'request_latency_p95' }, NOW_MS, 1);
    const found = recentSlis(store, ['chat', 'other'], [...P95, ...TOKENS], NOW_MS);
    expect(found).toHaveLength(1);
    expect(found[0]?.worsePercent).toBeUndefined();
  });
});
