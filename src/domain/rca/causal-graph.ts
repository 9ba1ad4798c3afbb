import type { Signal } from './signal.js';

/** One signal moves another in a serving engine, and why. */
export interface CausalEdge {
  readonly from: Signal;
  readonly to: Signal;
  readonly reason: string;
}

/**
 * How an LLM-serving engine works, as far as metrics show it: what comes first, and what follows.
 *
 * A prior: it orders what correlates, and keeps consequences from being called causes.
 */
export const CAUSAL_EDGES: readonly CausalEdge[] = [
  { from: 'tenant-load', to: 'load', reason: 'a tenant’s requests are part of all requests' },
  {
    from: 'tenant-load',
    to: 'prompt-size',
    reason: 'tenants differ in the length of their prompts',
  },
  { from: 'load', to: 'running', reason: 'admitted requests are batched and run together' },
  { from: 'load', to: 'queue', reason: 'requests beyond the batch or the KV cache wait' },
  {
    from: 'prompt-size',
    to: 'kv-usage',
    reason: 'every token of a prompt holds a slot of a KV block',
  },
  { from: 'prompt-size', to: 'latency', reason: 'prefill time grows with the prompt' },
  { from: 'running', to: 'kv-usage', reason: 'each running sequence holds KV blocks' },
  { from: 'running', to: 'gpu-utilization', reason: 'batches keep the GPU busy' },
  { from: 'running', to: 'latency', reason: 'a step takes longer for a bigger batch' },
  { from: 'queue', to: 'latency', reason: 'waiting is part of every request’s time' },
  {
    from: 'kv-usage',
    to: 'preemptions',
    reason: 'without free blocks a running sequence is evicted',
  },
  { from: 'kv-usage', to: 'queue', reason: 'without free blocks no request is admitted' },
  { from: 'kv-usage', to: 'prefix-hits', reason: 'cached prefixes are evicted to free blocks' },
  { from: 'preemptions', to: 'latency', reason: 'an evicted sequence is computed again' },
  { from: 'preemptions', to: 'throughput', reason: 'tokens computed twice are served once' },
  { from: 'prefix-hits', to: 'latency', reason: 'a missed prefix has to be computed again' },
  { from: 'prefix-hits', to: 'gpu-utilization', reason: 'missed prefixes cost prefill' },
  { from: 'gpu-temperature', to: 'gpu-clock', reason: 'a hot GPU lowers its clock' },
  { from: 'gpu-clock', to: 'latency', reason: 'every kernel takes longer at a lower clock' },
  { from: 'gpu-clock', to: 'throughput', reason: 'fewer tokens are computed at a lower clock' },
  { from: 'gpu-errors', to: 'availability', reason: 'a lost GPU takes its engine down' },
  { from: 'gpu-errors', to: 'errors', reason: 'failed kernels fail their requests' },
  { from: 'gpu-memory', to: 'errors', reason: 'an allocation that fails aborts requests' },
  { from: 'cpu', to: 'latency', reason: 'tokenising and scheduling run on the host’s CPU' },
  { from: 'memory', to: 'availability', reason: 'a process out of memory is killed' },
  { from: 'network', to: 'latency', reason: 'responses wait for the wire' },
  { from: 'latency', to: 'queue', reason: 'slower requests leave later, so that others wait' },
  { from: 'latency', to: 'errors', reason: 'requests over their deadline are aborted' },
  { from: 'throughput', to: 'queue', reason: 'what is not served waits' },
  {
    from: 'availability',
    to: 'load',
    reason: 'the others get the requests of a replica that is gone',
  },
];

/**
 * The shortest way by which one signal moves another, as edges in order; empty for the same signal,
 * undefined where there is none.
 */
export function causalPath(from: Signal, to: Signal): readonly CausalEdge[] | undefined {
  const paths = new Map<Signal, readonly CausalEdge[]>([[from, []]]);
  for (const [signal, path] of paths) {
    if (signal === to) return path;
    for (const edge of CAUSAL_EDGES) {
      if (edge.from === signal && !paths.has(edge.to)) paths.set(edge.to, [...path, edge]);
    }
  }
  return undefined;
}

/** Whether `to` follows from `from` and not the other way round, or the way back is longer. */
export function isCauseOf(from: Signal, to: Signal): boolean {
  const there = causalPath(from, to);
  if (there === undefined || there.length === 0) return false;
  const back = causalPath(to, from);
  return back === undefined || there.length < back.length;
}
