import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { httpHealth } from '../../src/adapters/sources/http-health.js';
import { prometheusText } from '../../src/adapters/sources/prometheus-text.js';
import { SeriesTable } from '../../src/adapters/sources/series-table.js';
import { Ingest } from '../../src/detector/ingest.js';
import { SeriesStore } from '../../src/detector/series-store.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import type { SliSample } from '../../src/domain/sla/samples.js';

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function serve(answer: Answer): Promise<string> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An engine's page after `n` requests of 70 ms each, which made 10 tokens apiece. */
function enginePage(n: number, usage: number): string {
  const buckets = [0.05, 0.1, 0.25, 0.5, 1, Infinity].map((le) => {
    const name = le === Infinity ? '+Inf' : String(le);
    return `http_request_duration_highr_seconds_bucket{le="${name}"} ${le < 0.07 ? 0 : n}.0`;
  });
  return [
    '# TYPE aphrodite:kv_cache_usage_perc gauge',
    `aphrodite:kv_cache_usage_perc{engine="0",model_name="m"} ${usage}`,
    '# TYPE aphrodite:num_requests_running gauge',
    'aphrodite:num_requests_running{engine="0",model_name="m"} 2.0',
    'aphrodite:num_requests_waiting{engine="0",model_name="m"} 0.0',
    `aphrodite:generation_tokens_total{engine="0",model_name="m"} ${n * 10}.0`,
    `http_requests_total{handler="/v1/completions",method="POST",status="2xx"} ${n}.0`,
    `http_requests_total{handler="/metrics",method="GET",status="5xx"} ${n * 5}.0`,
    ...buckets,
    '',
  ].join('\n');
}

function run(settings: unknown, health?: unknown) {
  const table = new SeriesTable();
  const store = new SeriesStore();
  const samples: SliSample[] = [];
  const ingest = new Ingest({
    store,
    thresholds: DEFAULT_THRESHOLDS,
    onSample: (sample) => samples.push(sample),
  });
  ingest.addSource(prometheusText.create(prometheusText.schema.parse(settings), { table }));
  if (health !== undefined) {
    ingest.addSource(httpHealth.create(httpHealth.schema.parse(health), { table }));
  }
  ingest.start();
  onTestFinished(() => ingest.stop());
  const last = (metric: string, replica?: string) =>
    samples.filter((s) => s.metric === metric && s.replica === replica).at(-1);
  return { ingest, samples, store, last };
}

describe('ingest', () => {
  it('makes SLIs of replicas and service from real scrapes', async () => {
    let n = 0;
    const one = await serve((_, response) => response.end(enginePage((n += 5), 0.4)));
    const two = await serve((_, response) => response.end(enginePage((n += 5), 0.6)));
    const { last, store } = run({
      period: '40ms',
      timeout: '2s',
      targets: [
        { url: `${one}/metrics`, service: 'chat', replica: 'engine-1' },
        { url: `${two}/metrics`, service: 'chat', replica: 'engine-2' },
      ],
    });
    // The service has its quantile from the first replica that is read twice: wait for each one's own.
    await vi.waitFor(() => {
      for (const replica of [undefined, 'engine-1', 'engine-2']) {
        expect(last('request_latency_p95', replica)).toBeDefined();
        expect(last('tokens_per_second', replica)).toBeDefined();
      }
    }, 5000);
    // All requests lie in (50, 100] ms: the 95th percentile is 50 + 0.95 × 50.
    expect(last('request_latency_p95')!.value).toBeCloseTo(97.5, 9);
    expect(last('request_latency_p95', 'engine-1')!.value).toBeCloseTo(97.5, 9);
    expect(last('kv_cache_usage_percent', 'engine-1')!.value).toBe(40);
    expect(last('kv_cache_usage_percent')!.value).toBe(50);
    // The handler /metrics is no request of a user's.
    expect(last('error_rate_percent')!.value).toBe(0);
    const tokens = last('tokens_per_second', 'engine-2')!;
    expect(tokens.value / tokens.demandPerSecond!).toBeCloseTo(10, 6);
    expect(last('up')!.value).toBe(1);
    const stored = store.rangeNow({ service: 'chat', fromMs: 0, toMs: Date.now() });
    expect(stored.map((series) => series.metric)).toContain('request_latency_p95');
  });

  it('lets no bad target stop the others, and shows what is wrong with each', async () => {
    let n = 0;
    const good = await serve((_, response) => response.end(enginePage((n += 5), 0.4)));
    const chunk = Buffer.alloc(1 << 20, 'a 1\n');
    const pour = (response: http.ServerResponse, megabytes: number): void => {
      const write = (): void => {
        while (megabytes-- > 0) if (!response.write(chunk)) return;
        if (megabytes < 0) response.end();
      };
      response.on('drain', write);
      write();
    };
    const bad: Record<string, Answer> = {
      html: (_, response) => response.end('<!doctype html><p>502</p>\n'),
      garbage: (_, response) => response.end(Buffer.from([0, 1, 2, 3, 10])),
      nan: (_, response) => response.end('aphrodite:kv_cache_usage_perc NaN\n'),
      huge: (_, response) => pour(response, 50),
      slow: () => undefined,
      endless: (_, response) => {
        const timer = setInterval(() => response.write('a 1\n'), 10);
        response.on('close', () => clearInterval(timer));
      },
      truncated: (_, response) => response.end('a 1\nb 12'),
      cut: (_, response) => {
        response.setHeader('content-length', 100);
        response.write('a 1\n');
        setTimeout(() => response.destroy(), 10);
      },
      missing: (_, response) => response.writeHead(404).end(),
      redirect: (_, response) => response.writeHead(302, { location: '/x' }).end(),
      denied: (_, response) => response.writeHead(401).end('who?'),
    };
    const targets = [{ url: `${good}/metrics`, service: 'chat', replica: 'good' }];
    for (const [replica, answer] of Object.entries(bad)) {
      targets.push({ url: await serve(answer), service: 'chat', replica });
    }
    targets.push({ url: 'http://127.0.0.1:1/', service: 'chat', replica: 'refused' });
    const { ingest, last } = run({
      period: '50ms',
      timeout: '800ms',
      bodyLimit: 4_000_000,
      targets,
    });
    const state = (replica: string) => ingest.targets().find((t) => t.replica === replica)!;
    await vi.waitFor(
      () => expect(ingest.targets().every(({ scrapes }) => scrapes >= 2)).toBe(true),
      10_000,
    );
    const reasons: unknown = Object.fromEntries(
      ingest.targets().map((t) => [t.replica, t.isUp === true ? 'up' : t.lastErrorReason]),
    );
    expect(reasons).toEqual({
      good: 'up',
      nan: 'up',
      html: 'not-exposition',
      garbage: 'not-exposition',
      huge: 'rejected',
      slow: 'timeout',
      endless: 'timeout',
      truncated: 'truncated',
      cut: 'unreachable',
      missing: 'not-found',
      redirect: 'rejected',
      denied: 'unauthorized',
      refused: 'unreachable',
    });
    expect(state('huge').lastError).toMatch(/longer than 4000000 bytes/);
    expect(state('html').lastError).toMatch(/HTML.*<!doctype/);
    expect(state('good').failures).toBe(0);
    expect(state('good').scrapes).toBeGreaterThan(10);
    expect(last('scraped', 'slow')!.value).toBe(0);
    expect(last('kv_cache_usage_percent', 'nan')).toBeUndefined();
    expect(last('kv_cache_usage_percent', 'good')!.value).toBe(40);
    // 2 of 13 answer as they should.
    expect(last('up')!.value).toBeCloseTo(2 / 13, 9);
  });

  it('counts a stalled engine and a failing probe as not available', async () => {
    const hung = await serve((_, response) => response.end(enginePage(100, 0.4)));
    const sick = await serve((request, response) => {
      if (request.url === '/health') response.writeHead(503);
      response.end(enginePage(100, 0.4).replace('running{engine="0",model_name="m"} 2', 'x 0'));
    });
    const table = new SeriesTable();
    const samples: SliSample[] = [];
    const ingest = new Ingest({
      store: new SeriesStore(),
      thresholds: [],
      onSample: (sample) => samples.push(sample),
      policy: { windowMs: () => 100, stallMs: 200 },
    });
    const target = (url: string, replica: string) => ({ url, service: 'chat', replica });
    const settings = { period: '30ms', timeout: '1s' };
    ingest.addSource(
      prometheusText.create(
        prometheusText.schema.parse({
          ...settings,
          targets: [target(`${hung}/metrics`, 'hung'), target(`${sick}/metrics`, 'sick')],
        }),
        { table },
      ),
    );
    ingest.addSource(
      httpHealth.create(
        httpHealth.schema.parse({ ...settings, targets: [target(`${sick}/health`, 'sick')] }),
        { table },
      ),
    );
    ingest.start();
    onTestFinished(() => ingest.stop());
    const last = (metric: string, replica?: string) =>
      samples.filter((s) => s.metric === metric && s.replica === replica).at(-1)?.value;
    await vi.waitFor(() => {
      expect(last('stalled', 'hung')).toBe(1);
      expect(last('up', 'hung')).toBe(0);
      expect(last('up', 'sick')).toBe(0);
      expect(last('up')).toBe(0);
    }, 5000);
    expect(last('scraped', 'hung')).toBe(1);
    expect(last('stalled', 'sick')).toBe(0);
    const first = samples.find((s) => s.metric === 'up' && s.replica === 'hung');
    expect(first!.value).toBe(1);
    // Nothing comes out of the hung one although two requests are in it: that is demand.
    const tokens = samples.filter((s) => s.metric === 'tokens_per_second' && s.replica === 'hung');
    expect(tokens.at(-1)!.demandPerSecond).toBeGreaterThan(0);
  });

  it('does not let a pushed sample of the future age out what is stored', () => {
    const store = new SeriesStore();
    const seen: number[] = [];
    const ingest = new Ingest({
      store,
      thresholds: [],
      onSample: ({ atMs }) => seen.push(atMs),
      now: () => 1_000_000,
    });
    const sample = { metric: 'm', service: 'chat', replica: undefined, value: 1 };
    for (const atMs of [999_000, 1_050_000, 4e12, Infinity]) ingest.take({ ...sample, atMs });
    expect(seen).toEqual([999_000, 1_050_000, 4e12, Infinity]);
    expect(store.rangeNow({ service: 'chat', fromMs: 0, toMs: Infinity })[0]!.timesMs).toEqual([
      999_000, 1_050_000,
    ]);
  });
});
