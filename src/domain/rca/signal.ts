/** What a metric tells of an LLM-serving fleet, whoever exports it. */
export type Signal =
  | 'latency'
  | 'throughput'
  | 'errors'
  | 'availability'
  | 'stall'
  | 'connections'
  | 'queue'
  | 'running'
  | 'load'
  | 'tenant-load'
  | 'prompt-size'
  | 'kv-usage'
  | 'prefix-hits'
  | 'preemptions'
  | 'gpu-utilization'
  | 'gpu-clock'
  | 'gpu-temperature'
  | 'gpu-memory'
  | 'gpu-errors'
  | 'cpu'
  | 'memory'
  | 'network';

/** First match wins, on the name in lower case; patterns are words of engines', DCGM's and host exporters. */
const PATTERNS: readonly (readonly [Signal, RegExp])[] = [
  ['tenant-load', /tenant/],
  ['gpu-errors', /xid|ecc|nvlink_error/],
  ['gpu-clock', /sm_clock|gpu_clock|clock_mhz/],
  ['gpu-temperature', /gpu_temp|temperature/],
  ['gpu-memory', /fb_used|gpu_memory/],
  ['gpu-utilization', /gpu_util/],
  ['prefix-hits', /prefix_cache_hit|cache_hit/],
  ['kv-usage', /(kv|gpu)_cache_usage|kv_usage/],
  ['preemptions', /preempt/],
  ['stall', /stalled/],
  ['connections', /connection_error|check_failure|retry_warning|retries|retrans/],
  ['queue', /waiting|current_queue|queue_(length|depth|size)|backlog|pending/],
  ['running', /running|in_flight|active_requests/],
  ['errors', /error|5xx|failed|failure|corrupt/],
  ['availability', /availab|(^|[^a-z])up$|healthy|scraped|success_(rate|ratio)/],
  ['throughput', /tokens_per_second|generation_tokens|output_tokens|throughput/],
  ['prompt-size', /prompt_tokens|prompt_size|input_tokens|request_bytes|cache_queries/],
  [
    'latency',
    /latency|duration|time_to_first|ttft|inter_token|_time_seconds|response_time|time_per_output/,
  ],
  ['load', /requests?(_per_second|_total|_rate|$)|rps|qps|arrival|request_success/],
  ['cpu', /cpu|load1/],
  ['memory', /mem|rss|heap/],
  ['network', /network|bytes|packet/],
];

/** Labels of requests that failed, whatever the metric counts. */
const FAILED = /(status|code)="?5|reason="?(error|abort)/;
/** Requests that are refused as the caller's mistake, or are no user's: probes and administration. */
const NOT_USERS = /(status|code)="?[134]|handler="?\/(?!v1\/(chat\/)?completions)/;

/** The signal a metric carries, or undefined for one that this knows nothing of. */
export function signalOf(metric: string): Signal | undefined {
  const labels = /\{(.*)\}/.exec(metric)?.[1]?.toLowerCase() ?? '';
  const isOfTenant = labels.includes('tenant');
  // A limit in the labels must not decide what it is, except a tenant's name.
  const name = isOfTenant ? metric.toLowerCase() : metric.toLowerCase().replace(/\{[^}]*\}/, '');
  if (labels !== '' && !isOfTenant && /request|response/.test(name)) {
    if (NOT_USERS.test(labels)) return undefined;
    if (FAILED.test(labels)) return 'errors';
  }
  return PATTERNS.find(([, pattern]) => pattern.test(name))?.[0];
}

/** Whether a rise (1) or a fall (-1) of the signal is bad, or neither in itself (0). */
export function badDirectionOf(signal: Signal): 1 | -1 | 0 {
  switch (signal) {
    case 'throughput':
    case 'availability':
    case 'prefix-hits':
    case 'gpu-clock':
      return -1;
    case 'running':
    case 'load':
    case 'tenant-load':
    case 'prompt-size':
    case 'network':
    case 'gpu-utilization':
      return 0;
    case 'latency':
    case 'errors':
    case 'stall':
    case 'connections':
    case 'queue':
    case 'kv-usage':
    case 'preemptions':
    case 'gpu-temperature':
    case 'gpu-memory':
    case 'gpu-errors':
    case 'cpu':
    case 'memory':
      return 1;
  }
}

/** Signals that users feel: they say who suffers, and how much. */
export const SYMPTOMS: ReadonlySet<Signal> = new Set<Signal>([
  'latency',
  'throughput',
  'errors',
  'availability',
  'queue',
]);
