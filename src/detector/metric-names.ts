const ENGINE_PREFIX = /^(?:aphrodite|vllm)[:_]/;

/** Names that changed between releases: today's, by the one that older engines write. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['gpu_cache_usage_perc', 'kv_cache_usage_perc'],
  ['time_per_output_token_seconds', 'inter_token_latency_seconds'],
  ['gpu_prefix_cache_queries', 'prefix_cache_queries'],
  ['gpu_prefix_cache_hits', 'prefix_cache_hits'],
]);

const HISTOGRAM_PART = /_(bucket|sum|count)$/;

/** A metric's name freed from what differs between engines, releases and client libraries. */
export interface CanonicalName {
  /** Without the engine's prefix, `_total`, and a histogram's `_bucket`, `_sum` or `_count`. */
  readonly base: string;
  readonly part: 'bucket' | 'sum' | 'count' | undefined;
  readonly isEngine: boolean;
  /** True where today's engines write another name: where both stand, this one is left out. */
  readonly isRenamed: boolean;
}

/** `vllm:gpu_cache_usage_perc` → `kv_cache_usage_perc`; see `CanonicalName`. */
export function canonicalName(name: string): CanonicalName {
  const bare = name.replace(ENGINE_PREFIX, '');
  const part = HISTOGRAM_PART.exec(bare)?.[1] as CanonicalName['part'];
  const base = (part === undefined ? bare : bare.slice(0, -part.length - 1)).replace(/_total$/, '');
  const renamed = RENAMED.get(base);
  return {
    base: renamed ?? base,
    part,
    isEngine: bare.length < name.length,
    isRenamed: renamed !== undefined,
  };
}
