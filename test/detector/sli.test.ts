import { describe, expect, it } from 'vitest';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { histogram, Scrapes, target } from './scrapes.js';

const HIGHR = 'http_request_duration_highr_seconds';
const GATEWAY = 'gateway_request_duration_seconds';
const one = () => new Scrapes([target({ id: 'e1' })], { minForQuantile: 1 });

describe('latency', () => {
  it('is the quantile of what was added in the window, not since the start', () => {
    const scrapes = one();
    scrapes.scrape('e1', 0, ...histogram(HIGHR, { '0.1': 1000, '0.5': 1000, '+Inf': 1000 }));
    scrapes.scrape('e1', 1, ...histogram(HIGHR, { '0.1': 1000, '0.5': 1100, '+Inf': 1100 }));
    // 100 new requests, all in (100, 500] ms: 100 + 0.95 × 400, and 100 + 0.99 × 400.
    expect(scrapes.values('request_latency_p95', 'e1')).toEqual([[1, 480]]);
    expect(scrapes.last('request_latency_p99', 'e1')!.value).toBeCloseTo(496, 9);
    expect(scrapes.last('request_latency_p95', 'e1')!.demandPerSecond).toBe(100);
  });

  it('leaves a gap while there are no requests', () => {
    const scrapes = one();
    const page = histogram(HIGHR, { '0.1': 10, '+Inf': 10 });
    for (let second = 0; second < 5; second += 1) scrapes.scrape('e1', second, ...page);
    expect(scrapes.values('request_latency_p95', 'e1')).toEqual([]);
  });

  it('needs the least number of requests, and looks further back to find them', () => {
    const scrapes = new Scrapes([target({ id: 'e1' })], { minForQuantile: 5 });
    // One request in ten seconds: five of them lie within the longest window of a minute.
    for (let second = 0; second <= 50; second += 1) {
      const n = Math.floor(second / 10);
      scrapes.scrape('e1', second, ...histogram(HIGHR, { '0.1': n, '+Inf': n }));
    }
    expect(scrapes.values('request_latency_p95', 'e1').map(([second]) => second)).toEqual([50]);
  });

  it('slides: requests leave after the window', () => {
    const scrapes = new Scrapes([target({ id: 'e1' })], { enoughForQuantile: 1 });
    for (let second = 0; second <= 20; second += 1) {
      // Until second 10 all are slow, then all are fast; 20 a second.
      const slow = 20 * Math.min(second, 10);
      const fast = 20 * Math.max(0, second - 10);
      const counts = { '0.1': fast, '0.5': fast + slow, '+Inf': fast + slow };
      scrapes.scrape('e1', second, ...histogram(HIGHR, counts));
    }
    const values = new Map(scrapes.values('request_latency_p95', 'e1'));
    expect(values.get(10)).toBe(480);
    // The window is 5 s: at 14 s a fifth of it is slow, at 15 s nothing.
    expect(values.get(14)).toBeCloseTo(400, 9);
    expect(values.get(15)).toBe(95);
  });

  it('takes a restart for what it is, also in buckets that stand above their old value', () => {
    const scrapes = one();
    scrapes.scrape('e1', 0, ...histogram(HIGHR, { '0.1': 10, '0.5': 100, '+Inf': 100 }));
    scrapes.scrape('e1', 1, ...histogram(HIGHR, { '0.1': 12, '0.5': 20, '+Inf': 20 }));
    // Since the restart: 12 up to 100 ms, 8 up to 500 ms. Rank 19 of 20: 100 + 400 × 7/8.
    expect(scrapes.last('request_latency_p95', 'e1')!.value).toBeCloseTo(450, 9);
  });

  it('sees a restart by the start time where all counters stand higher', () => {
    const scrapes = one();
    const page = (start: number, n: number) => [
      `process_start_time_seconds ${start}`,
      ...histogram(HIGHR, { '0.1': n, '+Inf': n }),
    ];
    scrapes.scrape('e1', 0, ...page(100, 10));
    scrapes.scrape('e1', 1, ...page(200, 60));
    // 60, not 50.
    expect(scrapes.last('request_latency_p95', 'e1')!.demandPerSecond).toBe(60);
  });

  it('is not spoilt by NaN, Inf and a series that comes twice', () => {
    const scrapes = one();
    const page = (n: number | string, m: number) => [
      `http_requests_total{handler="/v1",status="2xx"} ${n}`,
      `http_requests_total{handler="/v1",status="2xx"} 7777`,
      `http_requests_total{handler="/v1",status="5xx"} ${m}`,
    ];
    scrapes.scrape('e1', 0, ...page(100, 0));
    scrapes.scrape('e1', 1, ...page('NaN', 0));
    scrapes.scrape('e1', 2, ...page('+Inf', 0));
    scrapes.scrape('e1', 3, ...page(190, 10));
    expect(scrapes.last('error_rate_percent', 'e1')!.value).toBe(10);
  });

  it('sorts buckets by number, and adds label sets up', () => {
    const scrapes = one();
    const page = (n: number) => [
      ...histogram(HIGHR, { '10': 2 * n, '+Inf': 2 * n, '2': n, '1': 0 }, 'model_name="a"'),
      ...histogram(HIGHR, { '1': n, '2': n, '10': n, '+Inf': n }, 'model_name="b"'),
    ];
    scrapes.scrape('e1', 0, ...page(0));
    scrapes.scrape('e1', 1, ...page(10));
    // 10 in (0, 1], 10 in (1, 2], 10 in (2, 10] s: rank 28.5 of 30.
    expect(scrapes.values('request_latency_p95', 'e1')).toEqual([[1, 8800]]);
  });

  it('does not judge a gap by what came before it', () => {
    const scrapes = one();
    const page = (n: number) => histogram(HIGHR, { '0.1': n, '+Inf': n });
    scrapes.scrape('e1', 0, ...page(0));
    scrapes.scrape('e1', 1, ...page(10));
    scrapes.scrape('e1', 600, ...page(9000));
    scrapes.scrape('e1', 601, ...page(9020));
    expect(scrapes.values('request_latency_p95', 'e1').map(([second]) => second)).toEqual([1, 601]);
    expect(scrapes.last('request_latency_p95', 'e1')!.demandPerSecond).toBe(20);
  });
});

describe('where latency comes from', () => {
  const gateway = target({ id: 'gw', replica: undefined, replicaByServer: { srv2: 'e2' } });
  const fleet = () => {
    const scrapes = new Scrapes([target({ id: 'e1' }), target({ id: 'e2' }), gateway], {
      minForQuantile: 1,
    });
    scrapes.slis.setThresholds(DEFAULT_THRESHOLDS);
    return scrapes;
  };
  const gatewayPage = (n: number) => [
    ...histogram(GATEWAY, { '0.1': n, '1': n, '+Inf': n }, 'backend="b",server="e1"'),
    ...histogram(GATEWAY, { '0.1': 0, '1': n, '+Inf': n }, 'backend="b",server="srv2"'),
    ...histogram(GATEWAY, { '0.1': 0, '1': 0, '+Inf': n }, 'backend="b",server="<NOSRV>"'),
  ];
  const enginePage = (n: number) => histogram(HIGHR, { '0.1': 0, '1': 0, '60': n, '+Inf': n });

  it('is the gateway, for the service and for each server', () => {
    const scrapes = fleet();
    for (const second of [0, 1]) {
      scrapes.scrape('e1', second, ...enginePage(second * 100));
      scrapes.scrape('e2', second, ...enginePage(second * 100));
      scrapes.scrape('gw', second + 0.5, ...gatewayPage(second * 100));
    }
    expect(scrapes.values('request_latency_p95', 'e1').at(-1)).toEqual([1.5, 95]);
    // srv2 is known as e2.
    expect(scrapes.values('request_latency_p95', 'e2').at(-1)).toEqual([1.5, 955]);
    // A third found no server: +Inf, the highest finite bound.
    expect(scrapes.values('request_latency_p95').at(-1)).toEqual([1.5, 1000]);
    expect(scrapes.samples.some(({ replica }) => replica === '<NOSRV>')).toBe(false);
    // A worse source does not take over for a scrape that is missing.
    const before = scrapes.values('request_latency_p95').length;
    scrapes.fail('gw', 2.5);
    scrapes.scrape('e1', 2, ...enginePage(200));
    scrapes.scrape('e2', 2, ...enginePage(200));
    expect(scrapes.values('request_latency_p95')).toHaveLength(before);
  });

  it('is put together from the engines where there is no gateway', () => {
    const scrapes = new Scrapes([target({ id: 'e1' }), target({ id: 'e2' })]);
    const page = (fast: number, slow: number) =>
      histogram(HIGHR, { '0.1': fast, '1': fast + slow, '+Inf': fast + slow });
    for (const second of [0, 1]) {
      scrapes.scrape('e1', second, ...page(90 * second, 0));
      scrapes.scrape('e2', second + 0.3, ...page(0, 10 * second));
    }
    // 90 fast and 10 slow: rank 95 of 100 is half way through the slow ones.
    expect(scrapes.values('request_latency_p95')).toEqual([[1.3, 550]]);
  });

  it('never is a histogram whose first bucket ends above the limit', () => {
    const scrapes = fleet();
    const name = 'aphrodite:e2e_request_latency_seconds';
    for (const second of [0, 1, 2]) {
      const page = histogram(name, { '0.3': second * 100, '+Inf': second * 100 });
      scrapes.scrape('e1', second, ...page);
      scrapes.scrape('e2', second, ...page);
      scrapes.scrape('gw', second, 'up 1');
    }
    expect(scrapes.samples.filter(({ metric }) => metric === 'request_latency_p95')).toEqual([]);
  });

  it('does not wait for a replica that fails', () => {
    const scrapes = new Scrapes([target({ id: 'e1' }), target({ id: 'e2' })]);
    const page = (n: number) => histogram(HIGHR, { '0.1': n, '+Inf': n });
    for (const second of [0, 1, 2]) {
      scrapes.scrape('e1', second, ...page(20 * second));
      scrapes.fail('e2', second + 0.9);
    }
    expect(scrapes.values('request_latency_p95').map(([second]) => second)).toEqual([1, 2]);
  });
});

describe('rates, errors and levels', () => {
  it('counts 5xx over all, and the first ones of a class that appears', () => {
    const scrapes = one();
    scrapes.scrape('e1', 0, 'http_requests_total{handler="/v1",status="2xx"} 1000');
    scrapes.scrape(
      'e1',
      1,
      'http_requests_total{handler="/v1",status="2xx"} 1090',
      'http_requests_total{handler="/v1",status="5xx"} 10',
    );
    expect(scrapes.values('error_rate_percent', 'e1')).toEqual([[1, 10]]);
    expect(scrapes.last('request_rate', 'e1')!.value).toBe(100);
  });

  it('reads HAProxy’s exporter: backend for the service, servers for replicas', () => {
    const gateway = target({ id: 'gw', replica: undefined, match: { backend: 'engines' } });
    const scrapes = new Scrapes([gateway]);
    const page = (n: number) => [
      `haproxy_backend_http_responses_total{proxy="engines",code="2xx"} ${n * 95}`,
      `haproxy_backend_http_responses_total{proxy="engines",code="5xx"} ${n * 5}`,
      `haproxy_backend_http_responses_total{proxy="other",code="5xx"} ${n * 1000}`,
      `haproxy_server_http_responses_total{proxy="engines",server="e1",code="2xx"} ${n * 50}`,
      `haproxy_server_http_responses_total{proxy="engines",server="e1",code="5xx"} ${n * 50}`,
    ];
    scrapes.scrape('gw', 0, ...page(1));
    scrapes.scrape('gw', 1, ...page(2));
    expect(scrapes.values('error_rate_percent')).toEqual([[1, 5]]);
    expect(scrapes.values('error_rate_percent', 'e1')).toEqual([[1, 50]]);
  });

  it.each([
    ['aphrodite:kv_cache_usage_perc{engine="0"} 0.42', 'kv_cache_usage_percent'],
    ['vllm:kv_cache_usage_perc{engine="0"} 0.42', 'kv_cache_usage_percent'],
    ['aphrodite:gpu_cache_usage_perc 0.42', 'kv_cache_usage_percent'],
    ['DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="x"} 42', 'gpu_utilization_percent'],
  ])('reads %s', (line, metric) => {
    const scrapes = one();
    scrapes.scrape('e1', 0, line);
    expect(scrapes.values(metric, 'e1')).toEqual([[0, 42]]);
  });

  it('takes a renamed metric once where both names stand', () => {
    const scrapes = one();
    scrapes.scrape('e1', 0, 'vllm:gpu_cache_usage_perc 0.9', 'vllm:kv_cache_usage_perc 0.5');
    expect(scrapes.values('kv_cache_usage_percent', 'e1')).toEqual([[0, 50]]);
  });

  it.each(['finished_reason', 'finish_reason'])('reads %s of finished requests', (label) => {
    const scrapes = one();
    const page = (n: number) => [
      `vllm:request_success_total{${label}="stop"} ${n * 9}`,
      `vllm:request_success_total{${label}="error"} ${n}`,
    ];
    scrapes.scrape('e1', 0, ...page(0));
    scrapes.scrape('e1', 1, ...page(1));
    expect(scrapes.values('error_rate_percent', 'e1')).toEqual([[1, 10]]);
  });

  it('adds tokens per second of replicas up, each over its own window', () => {
    const scrapes = new Scrapes([target({ id: 'e1' }), target({ id: 'e2' })]);
    for (let second = 0; second <= 10; second += 1) {
      scrapes.scrape('e1', second, `vllm:generation_tokens_total ${second * 100}`);
      scrapes.scrape('e2', second + 0.5, `vllm:generation_tokens_total ${second * 50}`);
    }
    expect(scrapes.last('tokens_per_second', 'e1')!.value).toBe(100);
    expect(scrapes.last('tokens_per_second')!.value).toBeCloseTo(150, 9);
    // Nothing tells how many requests there were.
    expect(scrapes.last('tokens_per_second')!.demandPerSecond).toBeUndefined();
  });

  it('tells a hung engine from an idle one by what is in flight', () => {
    const scrapes = new Scrapes([target({ id: 'busy' }), target({ id: 'idle' })]);
    const page = (running: number) => [
      `vllm:num_requests_running ${running}`,
      'vllm:num_requests_waiting 3',
      'vllm:generation_tokens_total 500',
      'vllm:request_success_total{finished_reason="stop"} 9',
    ];
    for (let second = 0; second <= 20; second += 1) {
      scrapes.scrape('busy', second, ...page(2));
      scrapes.scrape('idle', second, ...page(-3));
    }
    expect(scrapes.last('tokens_per_second', 'busy')!.demandPerSecond).toBe(1);
    expect(scrapes.last('tokens_per_second', 'idle')!.demandPerSecond).toBe(0);
    const stalled = scrapes.values('stalled', 'busy').find(([, value]) => value === 1);
    // Busy since second 0, no token since: 15 s.
    expect(stalled).toEqual([15, 1]);
    expect(scrapes.last('up', 'busy')!.value).toBe(0);
    expect(scrapes.last('up', 'idle')!.value).toBe(1);
    expect(scrapes.last('up')!.value).toBe(0.5);
  });

  it('says the share of engines that are up', () => {
    const scrapes = new Scrapes(['e1', 'e2', 'e3'].map((id) => target({ id })));
    for (const second of [0, 1, 2]) {
      scrapes.scrape('e1', second, 'a 1');
      scrapes.scrape('e2', second, 'a 1');
      scrapes.fail('e3', second);
    }
    expect(scrapes.last('up')!.value).toBeCloseTo(2 / 3, 9);
    expect(scrapes.last('up', 'e3')!.value).toBe(0);
    scrapes.slis.removeTarget(scrapes.targets[2]!);
    scrapes.scrape('e1', 3, 'a 1');
    scrapes.scrape('e2', 3, 'a 1');
    expect(scrapes.last('up')!.value).toBe(1);
  });

  it('goes on with the others while a new replica starts', () => {
    const scrapes = new Scrapes([target({ id: 'e1' })]);
    scrapes.scrape('e1', 0, 'vllm:kv_cache_usage_perc 0.5');
    scrapes.slis.addTarget(target({ id: 'e2' }));
    scrapes.scrape('e1', 1, 'vllm:kv_cache_usage_perc 0.5');
    expect(scrapes.values('kv_cache_usage_percent', 'e1')).toHaveLength(2);
  });
});
