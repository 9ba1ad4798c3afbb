import { Histogram, MetricPage, type Labels } from '../base/exposition.js';
import type { BatchObserver } from './batching.js';
import type { FinishReason, SequenceResult } from './sequence.js';

/** Aphrodite's buckets, seconds: engine/metrics.py of the v1 engine. */
const latencyBounds = [
  0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680,
];
const firstTokenBounds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  160, 640, 2560,
];
const tokenGapBounds = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
];
const tokenCountBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
const iterationBounds = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];
/** prometheus-fastapi-instrumentator's, seconds. */
const httpFineBounds = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30,
  60,
];
const httpCoarseBounds = [0.1, 0.5, 1];

const finishReasons: readonly (FinishReason | 'stop' | 'repetition')[] = [
  'stop',
  'length',
  'abort',
  'error',
  'repetition',
];

/** What the page shows of the present moment. */
export interface EngineGauges {
  readonly running: number;
  readonly waiting: number;
  /** Waiting sequences that no free block, rather than no free slot, holds back. */
  readonly waitingForCapacity: number;
  /** 0 to 1. */
  readonly kvUsageRatio: number;
  readonly kvBlocks: number;
  readonly isSleeping: boolean;
  readonly loras: readonly string[];
}

/** The engine's own metrics, under Aphrodite's names. */
export class EngineMetrics implements BatchObserver {
  private prefixQueries = 0;
  private prefixHits = 0;
  private preemptions = 0;
  private promptTokens = 0;
  private generationTokens = 0;
  private busyMs = 0;
  private readonly finished = new Map<string, number>();
  private readonly http = new Map<string, number>();
  private readonly httpCoarse = new Map<string, { labels: Labels; histogram: Histogram }>();
  private readonly httpFine = new Histogram(httpFineBounds);
  private readonly seconds = {
    time_to_first_token_seconds: new Histogram(firstTokenBounds),
    inter_token_latency_seconds: new Histogram(tokenGapBounds),
    request_time_per_output_token_seconds: new Histogram(tokenGapBounds),
    e2e_request_latency_seconds: new Histogram(latencyBounds),
    request_queue_time_seconds: new Histogram(latencyBounds),
    request_inference_time_seconds: new Histogram(latencyBounds),
    request_prefill_time_seconds: new Histogram(latencyBounds),
    request_decode_time_seconds: new Histogram(latencyBounds),
    request_prompt_tokens: new Histogram(tokenCountBounds),
    request_generation_tokens: new Histogram(tokenCountBounds),
    iteration_tokens_total: new Histogram(iterationBounds),
  };

  constructor(private readonly modelName: string) {}

  readonly onStep = (durationMs: number, tokens: number): void => {
    this.busyMs += durationMs;
    this.seconds.iteration_tokens_total.observe(tokens);
  };
  readonly onPrefixLookup = (queriedTokens: number, hitTokens: number): void => {
    this.prefixQueries += queriedTokens;
    this.prefixHits += hitTokens;
  };
  readonly onPrefilled = (computedTokens: number): void => {
    this.promptTokens += computedTokens;
  };
  readonly onFirstToken = (sinceArrivalMs: number): void => {
    this.generationTokens += 1;
    this.seconds.time_to_first_token_seconds.observe(sinceArrivalMs / 1000);
  };
  readonly onNextToken = (sincePreviousMs: number): void => {
    this.generationTokens += 1;
    this.seconds.inter_token_latency_seconds.observe(sincePreviousMs / 1000);
  };
  readonly onPreemption = (): void => {
    this.preemptions += 1;
  };

  /** Milliseconds spent in steps since the start; its growth over time is the utilisation. */
  busyTotalMs(): number {
    return this.busyMs;
  }

  /** Counts a finished sequence; those that never ran have no phases. */
  recordFinished(result: SequenceResult): void {
    this.finished.set(result.reason, (this.finished.get(result.reason) ?? 0) + 1);
    const { arrivedAtMs, admittedAtMs, firstTokenAtMs, finishedAtMs } = result;
    if (admittedAtMs === undefined || firstTokenAtMs === undefined) return;
    const seconds = this.seconds;
    seconds.e2e_request_latency_seconds.observe((finishedAtMs - arrivedAtMs) / 1000);
    seconds.request_queue_time_seconds.observe((admittedAtMs - arrivedAtMs) / 1000);
    seconds.request_inference_time_seconds.observe((finishedAtMs - admittedAtMs) / 1000);
    seconds.request_prefill_time_seconds.observe((firstTokenAtMs - admittedAtMs) / 1000);
    seconds.request_decode_time_seconds.observe((finishedAtMs - firstTokenAtMs) / 1000);
    seconds.request_prompt_tokens.observe(result.promptTokens);
    seconds.request_generation_tokens.observe(result.generatedTokens);
    if (result.generatedTokens > 1) {
      const perTokenMs = (finishedAtMs - firstTokenAtMs) / (result.generatedTokens - 1);
      seconds.request_time_per_output_token_seconds.observe(perTokenMs / 1000);
    }
  }

  /** Counts a sequence that a broken kernel ended. */
  recordError(): void {
    this.finished.set('error', (this.finished.get('error') ?? 0) + 1);
  }

  /** Counts an answered HTTP request. */
  recordHttp(handler: string, method: string, status: number, durationMs: number): void {
    const key = JSON.stringify({ handler, method, status: `${Math.floor(status / 100)}xx` });
    this.http.set(key, (this.http.get(key) ?? 0) + 1);
    this.httpFine.observe(durationMs / 1000);
    const labels = { handler, method };
    const coarseKey = JSON.stringify(labels);
    let coarse = this.httpCoarse.get(coarseKey);
    if (coarse === undefined) {
      coarse = { labels, histogram: new Histogram(httpCoarseBounds) };
      this.httpCoarse.set(coarseKey, coarse);
    }
    coarse.histogram.observe(durationMs / 1000);
  }

  /** The whole page. */
  page(gauges: EngineGauges): string {
    const page = new MetricPage();
    this.renderGauges(page, gauges);
    this.renderCounters(page);
    const labels = this.labels();
    for (const [name, histogram] of Object.entries(this.seconds)) {
      page.family(`aphrodite:${name}`, 'histogram', `Histogram of ${name.replaceAll('_', ' ')}.`);
      histogram.render(page, `aphrodite:${name}`, labels);
    }
    this.renderHttp(page);
    return page.text();
  }

  private labels(): Labels {
    return { engine: '0', model_name: this.modelName };
  }

  private renderGauges(page: MetricPage, gauges: EngineGauges): void {
    const labels = this.labels();
    const gauge = (name: string, help: string): MetricPage =>
      page.family(`aphrodite:${name}`, 'gauge', help);
    gauge('num_requests_running', 'Number of requests in model execution batches.').sample(
      'aphrodite:num_requests_running',
      labels,
      gauges.running,
    );
    gauge('num_requests_waiting', 'Number of requests waiting to be processed.').sample(
      'aphrodite:num_requests_waiting',
      labels,
      gauges.waiting,
    );
    const byReason = 'num_requests_waiting_by_reason';
    gauge(byReason, 'Number of requests waiting, by reason.')
      .sample(`aphrodite:${byReason}`, { ...labels, reason: 'capacity' }, gauges.waitingForCapacity)
      .sample(
        `aphrodite:${byReason}`,
        { ...labels, reason: 'deferred' },
        gauges.waiting - gauges.waitingForCapacity,
      );
    gauge('engine_sleep_state', 'Engine sleep state; awake = 1 means not sleeping.');
    const states = { awake: !gauges.isSleeping, weights_offloaded: gauges.isSleeping };
    for (const [state, holds] of Object.entries({ ...states, discard_all: false })) {
      const stateLabels = { ...labels, sleep_state: state };
      page.sample('aphrodite:engine_sleep_state', stateLabels, holds ? 1 : 0);
    }
    gauge('kv_cache_usage_perc', 'KV-cache usage. 1 means 100 percent usage.').sample(
      'aphrodite:kv_cache_usage_perc',
      labels,
      gauges.kvUsageRatio,
    );
    const loras = gauges.loras.join(',');
    gauge('lora_requests_info', 'Running stats on lora requests.').sample(
      'aphrodite:lora_requests_info',
      { max_lora: '4', running_lora_adapters: loras, waiting_lora_adapters: '' },
      Date.now() / 1000,
    );
    gauge('cache_config_info', 'Information of the LLMEngine CacheConfig').sample(
      'aphrodite:cache_config_info',
      {
        block_size: '16',
        enable_prefix_caching: 'True',
        engine: '0',
        num_gpu_blocks: String(gauges.kvBlocks),
      },
      1,
    );
  }

  private renderCounters(page: MetricPage): void {
    const labels = this.labels();
    const counters = {
      prefix_cache_queries: this.prefixQueries,
      prefix_cache_hits: this.prefixHits,
      num_preemptions: this.preemptions,
      prompt_tokens: this.promptTokens,
      generation_tokens: this.generationTokens,
      corrupted_requests: 0,
    };
    for (const [name, value] of Object.entries(counters)) {
      page
        .family(`aphrodite:${name}_total`, 'counter', `Number of ${name.replaceAll('_', ' ')}.`)
        .sample(`aphrodite:${name}_total`, labels, value);
    }
    page.family('aphrodite:request_success_total', 'counter', 'Count of processed requests.');
    for (const reason of finishReasons) {
      const reasonLabels = { ...labels, finished_reason: reason };
      page.sample('aphrodite:request_success_total', reasonLabels, this.finished.get(reason) ?? 0);
    }
  }

  private renderHttp(page: MetricPage): void {
    page.family('http_requests_total', 'counter', 'Total number of requests by method and status.');
    for (const [key, count] of this.http) {
      page.sample('http_requests_total', JSON.parse(key) as Labels, count);
    }
    const fine = 'http_request_duration_highr_seconds';
    page.family(fine, 'histogram', 'Latency with many buckets but no API specific labels.');
    this.httpFine.render(page, fine, {});
    const coarse = 'http_request_duration_seconds';
    page.family(coarse, 'histogram', 'Latency with only few buckets by handler.');
    for (const { labels, histogram } of this.httpCoarse.values()) {
      histogram.render(page, coarse, labels);
    }
  }
}
