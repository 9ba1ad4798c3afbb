import { describe, expect, it } from 'vitest';
import { coverageLine, describeCoverage } from '../../src/detector/coverage.js';
import { SeriesStore } from '../../src/detector/series-store.js';
import { judgeBuckets } from '../../src/detector/source-choice.js';
import { DEFAULT_THRESHOLDS, type Threshold } from '../../src/domain/sla/threshold.js';
import { REPLICA_AVAILABILITY } from '../../src/domain/sla/availability.js';
import { histogram, Scrapes, target } from './scrapes.js';

const E2E = 'aphrodite:e2e_request_latency_seconds';
const TTFT = 'aphrodite:time_to_first_token_seconds';

function coverageOf(scrapes: Scrapes, thresholds: readonly Threshold[] = DEFAULT_THRESHOLDS) {
  const store = new SeriesStore();
  store.record({ service: 'chat', replica: 'e1', metric: 'echo_evolution_convergence' }, 1, 0.9);
  const report = describeCoverage(thresholds, {
    slis: scrapes.slis,
    store,
    minSamples: 5,
    services: ['chat'],
  });
  return (threshold: string) => report.find((each) => each.threshold === threshold)!;
}

describe('buckets around a limit', () => {
  it.each([
    [[0.1, 0.25, 0.5], 250, 'fine'],
    [[0.1, 0.25, 0.5], 200, 'coarse'],
    [[0.05, 1], 250, 'coarse'],
    [[0.3, 0.5], 250, 'blind'],
    [[0.1, 0.25], 250, 'blind'],
    [[], 250, 'blind'],
  ])('%j s for a limit of %d ms: %s', (bounds, limit, kind) => {
    expect(judgeBuckets(Float64Array.from([...bounds, Infinity]), 1000, limit).kind).toBe(kind);
  });
});

describe('coverage', () => {
  it('names the source of each scope, and what is not measured at all', () => {
    const scrapes = new Scrapes([target({ id: 'e1' }), target({ id: 'e2' })]);
    for (const id of ['e1', 'e2']) {
      scrapes.scrape(
        id,
        0,
        'vllm:kv_cache_usage_perc 0.5',
        ...histogram(TTFT, { '0.1': 1, '0.25': 1, '0.5': 1, '0.75': 1, '1': 1, '+Inf': 1 }),
      );
    }
    const coverage = coverageOf(scrapes, [...DEFAULT_THRESHOLDS, REPLICA_AVAILABILITY]);
    expect(coverage('kv_cache_usage_percent')).toMatchObject({
      status: 'measurable',
      scopes: [
        { replica: undefined, target: '2 replicas together' },
        { replica: 'e1', source: 'vllm:kv_cache_usage_perc', periodMs: 1000, windowMs: 300_000 },
        { replica: 'e2' },
      ],
      notes: [],
    });
    expect(coverage('request_latency_p95')).toMatchObject({
      status: 'measurable',
      scopes: [{}, { source: `${TTFT}_bucket`, sliWindowMs: 5000 }, {}],
    });
    expect(coverage('gpu_utilization_percent')).toMatchObject({
      status: 'not-measurable',
      notes: [expect.stringMatching(/no source gives gpu_utilization_percent/)],
    });
    expect(coverage('echo_evolution_convergence')).toMatchObject({
      status: 'measurable',
      scopes: [{ replica: 'e1', source: 'pushed or queried' }],
    });
    expect(coverage('replica_availability').scopes).toHaveLength(2);
    expect(coverageLine(coverage('kv_cache_usage_percent'))).toBe(
      'chat kv_cache_usage_percent: measurable, from vllm:kv_cache_usage_perc every 1 s for service, e1, e2',
    );
    expect(coverageLine(coverage('gpu_utilization_percent'))).toMatch(/not-measurable; no source/);
  });

  it('says that a first bucket above the limit cannot measure it, and what to use', () => {
    const scrapes = new Scrapes([target({ id: 'e1' })]);
    scrapes.scrape('e1', 0, ...histogram(E2E, { '0.3': 1, '0.5': 1, '1': 1, '+Inf': 1 }));
    const coverage = coverageOf(scrapes);
    expect(coverage('request_latency_p95')).toMatchObject({
      status: 'not-measurable',
      scopes: [],
      notes: [expect.stringMatching(/first bucket at 300, above the limit of 250.*highr/)],
    });
    // 750 ms lies between its bounds of 500 and 1000.
    expect(coverage('request_latency_p99').status).toBe('coarse');
  });

  it('says where the window is widened because samples are rare', () => {
    const scrapes = new Scrapes([target({ id: 'e1', periodMs: 60_000 })]);
    scrapes.scrape('e1', 0, 'vllm:generation_tokens_total 5');
    // 3 min hold 3 samples a minute apart: (5 - 0.5) × 60 s.
    expect(coverageOf(scrapes)('tokens_per_second')).toMatchObject({
      status: 'measurable',
      scopes: [{ windowMs: 270_000 }, { windowMs: 270_000 }],
      notes: [expect.stringMatching(/widened to 270 s/)],
    });
  });
});
