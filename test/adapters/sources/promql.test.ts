import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { prometheusHistory } from '../../../src/adapters/history/prometheus.js';
import { PromqlClient } from '../../../src/adapters/sources/promql-client.js';
import { promql } from '../../../src/adapters/sources/promql.js';
import { SeriesTable } from '../../../src/adapters/sources/series-table.js';
import type { SliSample } from '../../../src/domain/sla/samples.js';
import { serve } from './local-server.js';
import { startPrometheus } from './real-prometheus.js';

const context = { table: new SeriesTable() };
const clientOf = (origin: string) => new PromqlClient(origin, 2000, () => ({}));

describe('PromQL against a real Prometheus', () => {
  it('reads SLIs by replica, their history, and raw series', async () => {
    const began = Date.now();
    const engine = (usage: number) => async () => {
      const origin = await serve((_, response) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end(`vllm:kv_cache_usage_perc{engine="0"} ${usage}\nvllm:requests_total 5\n`);
      });
      return new URL(origin).host;
    };
    const hosts = [await engine(0.4)(), await engine(0.8)()];
    const url = await startPrometheus({ [hosts[0]!]: 'e1', [hosts[1]!]: 'e2' });
    const query = '100 * max by (replica) ({__name__=~"(vllm|aphrodite):kv_cache_usage_perc"})';
    const settings = {
      url,
      period: '1s',
      queries: [
        {
          metric: 'kv_cache_usage_percent',
          service: 'chat',
          query,
          demandQuery: 'max by (replica) (up)',
        },
        { metric: 'up', service: 'chat', query: 'avg(up{job="engines"})' },
      ],
    };
    const source = promql.create(promql.schema.parse(settings), context);
    onTestFinished(() => source.close());
    const poll = async (i: number): Promise<readonly SliSample[]> => {
      const polled = await source.pollers[i]!.poll(Date.now());
      return polled.kind === 'samples' ? polled.samples : [];
    };
    await vi.waitFor(async () => expect(await poll(0)).toHaveLength(2), 10_000);
    const samples = [...(await poll(0))].sort((a, b) => a.value - b.value);
    expect(samples).toMatchObject([
      {
        metric: 'kv_cache_usage_percent',
        service: 'chat',
        replica: 'e1',
        value: 40,
        demandPerSecond: 1,
      },
      { replica: 'e2', value: 80 },
    ]);
    expect(Math.abs(samples[0]!.atMs - Date.now())).toBeLessThan(5000);
    expect(await poll(1)).toMatchObject([{ metric: 'up', replica: undefined, value: 1 }]);

    const history = prometheusHistory.create(
      prometheusHistory.schema.parse({
        url,
        step: '1s',
        queries: settings.queries.slice(0, 1),
        selectors: [{ service: 'chat', selector: '{job="engines"}' }],
      }),
    );
    onTestFinished(() => history.close());
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const span = { service: 'chat', fromMs: began - 10_000, toMs: Date.now() };
    const found = await history.range({
      ...span,
      replica: 'e2',
      metrics: ['kv_cache_usage_percent'],
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      service: 'chat',
      replica: 'e2',
      metric: 'kv_cache_usage_percent',
    });
    expect(new Set(found[0]!.values)).toEqual(new Set([80]));
    expect(found[0]!.timesMs[0]).toBeGreaterThanOrEqual(began - 1000);
    const everything = await history.range({ ...span, replica: 'e1' });
    const names = everything.map(({ metric }) => metric);
    expect(names).toContain('kv_cache_usage_percent');
    expect(names).toContain('vllm:requests_total');
    expect(names).toContain('vllm:kv_cache_usage_perc{engine=0}');
    const raw = await history.range({ ...span, metrics: ['vllm:requests_total'] });
    expect(raw.map(({ replica }) => replica).sort()).toEqual(['e1', 'e2']);
    expect(await history.range({ ...span, service: 'other' })).toEqual([]);
    // 30 days at 1 s are more steps than the server takes: the step grows.
    const month = { ...span, fromMs: span.toMs - 30 * 86_400_000 };
    expect(await history.range({ ...month, metrics: ['kv_cache_usage_percent'] })).toBeInstanceOf(
      Array,
    );

    const client = clientOf(url);
    onTestFinished(() => client.close());
    await expect(client.query('sum by (')).rejects.toMatchObject({ reason: 'rejected' });
    expect(await client.query('0/0')).toEqual([{ labels: {}, timesMs: [], values: [] }]);
    expect(await client.query('scalar(vector(2))')).toMatchObject([{ values: [2] }]);
  });
});

describe('PromQL client', () => {
  it.each([
    ['no JSON', 200, '<html>', 'rejected'],
    ['something else', 200, '{"status":"success","data":{}}', 'rejected'],
    ['an error', 200, '{"status":"error","errorType":"bad_data"}', 'rejected'],
    ['401', 401, 'no', 'unauthorized'],
    ['503', 503, 'starting', 'unreachable'],
    ['429', 429, 'slow down', 'rate-limited'],
  ])('refuses %s', async (_, status, body, reason) => {
    const origin = await serve((_request, response) => response.writeHead(status).end(body));
    const client = clientOf(origin);
    onTestFinished(() => client.close());
    await expect(client.query('up')).rejects.toMatchObject({ name: 'AdapterError', reason });
  });

  it('keeps the path of its server and sends its token', async () => {
    const asked: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
    });
    process.env['PARAMEDIC_TEST_TOKEN'] = 's3cret';
    onTestFinished(() => {
      delete process.env['PARAMEDIC_TEST_TOKEN'];
    });
    const source = promql.create(
      promql.schema.parse({
        url: `${origin}/prometheus`,
        bearerToken: { env: 'PARAMEDIC_TEST_TOKEN' },
        queries: [{ metric: 'm', service: 's', query: 'up' }],
      }),
      context,
    );
    onTestFinished(() => source.close());
    expect(await source.pollers[0]!.poll(0)).toMatchObject({ kind: 'samples', samples: [] });
    expect(asked).toEqual(['/prometheus/api/v1/query?query=up', 'Bearer s3cret']);
    expect(JSON.stringify(source.pollers[0]!.target)).not.toContain('s3cret');
  });
});
