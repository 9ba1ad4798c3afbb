import { describe, expect, it } from 'vitest';
import { rateOfCounter } from '../../../src/domain/rca/counter-rate.js';
import { describeMetric } from '../../../src/domain/rca/metric-kind.js';
import { badDirectionOf, signalOf } from '../../../src/domain/rca/signal.js';

describe('kinds of metrics', () => {
  it.each([
    ['latency_p95', 'latency', 95],
    ['availability', 'availability', undefined],
    ['error_rate_percent', 'errors', undefined],
    ['CpuUsageRate(%)', 'cpu', undefined],
    ['container_memory_rss', 'memory', undefined],
    ['NetworkReceiveBytes', 'work', undefined],
    ['requests', 'traffic', undefined],
    ['num_requests_waiting', 'backlog', undefined],
    ['whatever', 'other', undefined],
  ])('%s is %s', (name, quantity, percentile) => {
    expect(describeMetric(name)).toMatchObject({ quantity, percentile });
  });

  it('reads who calls, who measured, and whether it is the host’s', () => {
    expect(describeMetric('inbound_latency_caller_view[from=web]')).toMatchObject({
      peer: 'web',
      view: 'caller',
    });
    expect(describeMetric('server_duration{le="1",caller="web"}')).toMatchObject({
      peer: 'web',
      view: 'callee',
    });
    expect(describeMetric('node_cpu_usage').isOfHost).toBe(true);
  });
});

describe('signals of LLM serving', () => {
  it.each([
    ['request_latency_p95', 'latency'],
    ['aphrodite:num_requests_waiting', 'queue'],
    ['vllm:num_requests_running', 'running'],
    ['aphrodite:kv_cache_usage_perc', 'kv-usage'],
    ['vllm:gpu_cache_usage_perc', 'kv-usage'],
    ['kv_cache_usage_percent', 'kv-usage'],
    ['aphrodite:prefix_cache_hits_total', 'prefix-hits'],
    ['aphrodite:num_preemptions_total', 'preemptions'],
    ['tokens_per_second', 'throughput'],
    ['error_rate_percent', 'errors'],
    ['gpu_utilization_percent', 'gpu-utilization'],
    ['DCGM_FI_DEV_GPU_UTIL', 'gpu-utilization'],
    ['DCGM_FI_DEV_SM_CLOCK', 'gpu-clock'],
    ['DCGM_FI_DEV_GPU_TEMP', 'gpu-temperature'],
    ['DCGM_FI_DEV_FB_USED', 'gpu-memory'],
    ['DCGM_FI_DEV_XID_ERRORS', 'gpu-errors'],
    ['gateway_tenant_requests_total{tenant="noisy"}', 'tenant-load'],
    ['aphrodite:time_to_first_token_seconds', 'latency'],
    ['haproxy_backend_http_requests_total', 'load'],
    ['echo_evolution_convergence', undefined],
  ])('%s tells of %s', (metric, signal) => {
    expect(signalOf(metric)).toBe(signal);
  });

  it('knows what is bad', () => {
    expect(badDirectionOf('latency')).toBe(1);
    expect(badDirectionOf('gpu-clock')).toBe(-1);
    expect(badDirectionOf('load')).toBe(0);
  });
});

describe('counters', () => {
  const series = (metric: string, values: number[]): Parameters<typeof rateOfCounter>[0] => ({
    service: 's',
    replica: undefined,
    metric,
    timesMs: values.map((_, i) => i * 2000),
    values,
  });

  it('become rates, over a reset too', () => {
    const values = Array.from({ length: 20 }, (_, i) => (i < 10 ? i * 4 : (i - 10) * 4));
    const rate = rateOfCounter(series('requests_total', values));
    expect(rate.values).toHaveLength(19);
    expect(rate.values.filter((value) => value === 2)).toHaveLength(18);
    // The restart itself: counted from 0.
    expect(rate.values[9]).toBe(0);
  });

  it('are left alone when they fall like gauges, or are too short to tell', () => {
    const gauge = series('queue_total', [1, 5, 2, 8, 1, 9, 0]);
    expect(rateOfCounter(gauge)).toBe(gauge);
    const short = series('requests_total', [1, 2]);
    expect(rateOfCounter(short)).toBe(short);
  });
});
