/** What is read from series, before it becomes an SLI; see `MEASURES`. */
export type MeasureId =
  | 'gateway-latency'
  | 'http-latency'
  | 'time-to-first-token'
  | 'inter-token-latency'
  | 'request-latency'
  | 'gateway-responses'
  | 'gateway-arrivals'
  | 'http-responses'
  | 'finished-requests'
  | 'generated-tokens'
  | 'prompt-tokens'
  | 'preemptions'
  | 'prefix-hits'
  | 'running'
  | 'waiting'
  | 'kv-cache'
  | 'gpu';

/** Which part of a measure a series is: of a ratio the part, the whole, or both. */
export type SeriesPart = 'bucket' | 'amount' | 'whole' | 'part' | 'part-of-whole' | 'level';

/** How a series of a known name feeds a measure. */
export interface SeriesRule {
  readonly measure: MeasureId;
  /** Undefined where the labels say that this series does not count. */
  readonly partOf: (labels: ReadonlyMap<string, string>) => SeriesPart | undefined;
  /** Whose it is: the target's replica, the service, the server of its label, or both of these. */
  readonly scope: 'target' | 'service' | 'server' | 'server-and-service';
}

const always = (part: SeriesPart) => () => part;

/** Probes and scrapes are no requests of users; engines that do not leave them out name them here. */
const OWN_HANDLERS = /^\/(?:metrics|health|ping|version|load|server_info|v1\/models)?\/?$/;

function ofStatus(name: string) {
  return (labels: ReadonlyMap<string, string>): SeriesPart | undefined => {
    if (OWN_HANDLERS.test(labels.get('handler') ?? 'none')) return undefined;
    return /^5/.test(labels.get(name) ?? '') ? 'part-of-whole' : 'whole';
  };
}

function ofReason(labels: ReadonlyMap<string, string>): SeriesPart {
  const reason = labels.get('finished_reason') ?? labels.get('finish_reason');
  return reason === 'error' ? 'part-of-whole' : 'whole';
}

/** A gateway writes this for what no server got; it counts for the service only. */
export const NO_SERVER = '<NOSRV>';

/** Series that feed measures, by canonical name (for a histogram: of its buckets). */
export const MEASURES: ReadonlyMap<string, SeriesRule> = new Map<string, SeriesRule>([
  [
    'gateway_request_duration_seconds',
    { measure: 'gateway-latency', partOf: always('bucket'), scope: 'server-and-service' },
  ],
  [
    'http_request_duration_highr_seconds',
    { measure: 'http-latency', partOf: always('bucket'), scope: 'target' },
  ],
  [
    'time_to_first_token_seconds',
    { measure: 'time-to-first-token', partOf: always('bucket'), scope: 'target' },
  ],
  [
    'inter_token_latency_seconds',
    { measure: 'inter-token-latency', partOf: always('bucket'), scope: 'target' },
  ],
  [
    'e2e_request_latency_seconds',
    { measure: 'request-latency', partOf: always('bucket'), scope: 'target' },
  ],
  [
    'haproxy_backend_http_responses',
    { measure: 'gateway-responses', partOf: ofStatus('code'), scope: 'service' },
  ],
  [
    'haproxy_server_http_responses',
    { measure: 'gateway-responses', partOf: ofStatus('code'), scope: 'server' },
  ],
  [
    'haproxy_backend_http_requests',
    { measure: 'gateway-arrivals', partOf: always('amount'), scope: 'service' },
  ],
  [
    'haproxy_server_sessions',
    { measure: 'gateway-arrivals', partOf: always('amount'), scope: 'server' },
  ],
  ['http_requests', { measure: 'http-responses', partOf: ofStatus('status'), scope: 'target' }],
  ['request_success', { measure: 'finished-requests', partOf: ofReason, scope: 'target' }],
  ['generation_tokens', { measure: 'generated-tokens', partOf: always('amount'), scope: 'target' }],
  ['prompt_tokens', { measure: 'prompt-tokens', partOf: always('amount'), scope: 'target' }],
  ['num_preemptions', { measure: 'preemptions', partOf: always('amount'), scope: 'target' }],
  ['prefix_cache_queries', { measure: 'prefix-hits', partOf: always('whole'), scope: 'target' }],
  ['prefix_cache_hits', { measure: 'prefix-hits', partOf: always('part'), scope: 'target' }],
  ['num_requests_running', { measure: 'running', partOf: always('level'), scope: 'target' }],
  ['num_requests_waiting', { measure: 'waiting', partOf: always('level'), scope: 'target' }],
  ['kv_cache_usage_perc', { measure: 'kv-cache', partOf: always('level'), scope: 'target' }],
  ['DCGM_FI_DEV_GPU_UTIL', { measure: 'gpu', partOf: always('level'), scope: 'target' }],
]);

/** Levels that add up over the series of a replica and the replicas of a service; the others are averaged. */
export const SUMMED_LEVELS: ReadonlySet<MeasureId> = new Set(['running', 'waiting']);

/** How an SLI follows from a measure. */
export interface SliDefinition {
  readonly metric: string;
  /** The measures it can be taken from, best first. */
  readonly candidates: readonly MeasureId[];
  /** For histograms: which quantile (0..1). */
  readonly quantile?: number;
  /** From the measure's unit to the SLI's: seconds to ms, a ratio to percent. */
  readonly factor: number;
  /** Of a ratio: the rate of its whole instead of part / whole. */
  readonly isRateOfWhole?: true;
}

/**
 * Where request latency comes from: the gateway sees what users see; the engine's own HTTP histogram
 * has fine buckets; time to first token at least follows the load. The engine's
 * `e2e_request_latency_seconds` starts at 0.3 s and comes last: see `coverage.ts`.
 */
const LATENCY: readonly MeasureId[] = [
  'gateway-latency',
  'http-latency',
  'time-to-first-token',
  'request-latency',
];
const RESPONSES: readonly MeasureId[] = [
  'gateway-responses',
  'http-responses',
  'finished-requests',
];

/** The SLIs derived from scraped series. `up`, `availability` and the like are made in `availability.ts`. */
export const SLIS: readonly SliDefinition[] = [
  { metric: 'request_latency_p95', candidates: LATENCY, quantile: 0.95, factor: 1000 },
  { metric: 'request_latency_p99', candidates: LATENCY, quantile: 0.99, factor: 1000 },
  {
    metric: 'time_to_first_token_p95',
    candidates: ['time-to-first-token'],
    quantile: 0.95,
    factor: 1000,
  },
  {
    metric: 'inter_token_latency_p95',
    candidates: ['inter-token-latency'],
    quantile: 0.95,
    factor: 1000,
  },
  { metric: 'error_rate_percent', candidates: RESPONSES, factor: 100 },
  { metric: 'request_rate', candidates: RESPONSES, factor: 1, isRateOfWhole: true },
  { metric: 'tokens_per_second', candidates: ['generated-tokens'], factor: 1 },
  { metric: 'preemptions_per_second', candidates: ['preemptions'], factor: 1 },
  { metric: 'prefix_cache_hit_percent', candidates: ['prefix-hits'], factor: 100 },
  { metric: 'num_requests_running', candidates: ['running'], factor: 1 },
  { metric: 'num_requests_waiting', candidates: ['waiting'], factor: 1 },
  { metric: 'kv_cache_usage_percent', candidates: ['kv-cache'], factor: 100 },
  { metric: 'gpu_utilization_percent', candidates: ['gpu'], factor: 1 },
];

/** SLIs by a measure that can feed them, with its rank among their candidates. */
export const SLIS_BY_MEASURE: ReadonlyMap<
  MeasureId,
  readonly { readonly sli: SliDefinition; readonly rank: number }[]
> = new Map(
  [...new Set(SLIS.flatMap(({ candidates }) => candidates))].map((id) => [
    id,
    SLIS.filter(({ candidates }) => candidates.includes(id)).map((sli) => ({
      sli,
      rank: sli.candidates.indexOf(id),
    })),
  ]),
);
