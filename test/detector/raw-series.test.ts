import { describe, expect, it } from 'vitest';
import { ExpositionParser } from '../../src/adapters/sources/exposition.js';
import { SeriesTable } from '../../src/adapters/sources/series-table.js';
import { RawSeries } from '../../src/detector/raw-series.js';
import { SeriesStore } from '../../src/detector/series-store.js';
import { DEFAULT_SLI_POLICY } from '../../src/detector/sli-policy.js';
import { target } from './scrapes.js';

function rawOf(given: { maxRawPerTarget?: number; rawPeriodMs?: number } = {}) {
  const table = new SeriesTable();
  const parser = new ExpositionParser(table);
  const store = new SeriesStore();
  const raw = new RawSeries(target({ id: 'e1' }), store, {
    ...DEFAULT_SLI_POLICY,
    rawPeriodMs: 1000,
    ...given,
  });
  return {
    raw,
    scrape: (second: number, ...lines: string[]) => {
      raw.scraped(parser.parse(Buffer.from(`${lines.join('\n')}\n`)), table, second * 1000);
    },
    stored: () =>
      Object.fromEntries(
        store
          .rangeNow({ service: 'chat', fromMs: 0, toMs: 1e15 })
          .map(({ metric, replica, values }) => [`${replica ?? '*'} ${metric}`, values]),
      ),
  };
}

describe('raw series', () => {
  it('keeps gauges, rates of counters and means of histograms, but nothing else', () => {
    const { scrape, stored } = rawOf();
    const page = (n: number) => [
      '# TYPE vllm:engine_sleep_state gauge',
      `vllm:engine_sleep_state{engine="0",sleep_state="awake"} ${n}`,
      '# TYPE vllm:prompt_tokens counter',
      `vllm:prompt_tokens_total{engine="0"} ${n * 100}`,
      `vllm:prompt_tokens_total{engine="1"} ${n * 50}`,
      `vllm:prompt_tokens_created{engine="1"} 1.7e9`,
      '# TYPE vllm:request_queue_time_seconds histogram',
      `vllm:request_queue_time_seconds_bucket{le="+Inf"} ${n * 10}`,
      `vllm:request_queue_time_seconds_sum ${n * n * 5}`,
      `vllm:request_queue_time_seconds_count ${n * 10}`,
      'vllm:num_requests_running 5',
      'python_gc_objects_collected_total 5',
      `haproxy_server_current_sessions{proxy="b",server="e2"} ${n}`,
    ];
    scrape(1, ...page(1));
    scrape(2, ...page(2));
    expect(stored()).toEqual({
      'e1 engine_sleep_state{sleep_state=awake}': [1, 2],
      'e1 prompt_tokens_per_second': [150],
      // (20 - 5) s over 10 requests.
      'e1 request_queue_time_seconds_mean': [1.5],
      'e2 haproxy_server_current_sessions': [1, 2],
    });
  });

  it('stores once a raw period, and rates over all of it', () => {
    const { scrape, stored } = rawOf({ rawPeriodMs: 5000 });
    for (let second = 0; second <= 10; second += 1) {
      scrape(second, `vllm:prompt_tokens_total ${second * 3}`);
    }
    expect(stored()).toEqual({ 'e1 prompt_tokens_per_second': [3, 3] });
  });

  it('goes on after a restart of the target', () => {
    const { scrape, stored } = rawOf();
    scrape(1, 'vllm:prompt_tokens_total 100');
    scrape(2, 'vllm:prompt_tokens_total 30');
    expect(stored()).toEqual({ 'e1 prompt_tokens_per_second': [30] });
  });

  it('keeps to its limit and counts what it leaves out', () => {
    const { raw, scrape, stored } = rawOf({ maxRawPerTarget: 2 });
    scrape(1, 'vllm:a 1', 'vllm:b 1', 'vllm:c 1');
    expect(Object.keys(stored())).toHaveLength(2);
    expect(raw.leftOut).toBe(1);
  });
});
