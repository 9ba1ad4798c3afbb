/** What a metric measures, read from its name alone. */
export interface MetricKind {
  /**
   * `errors` grow when things go wrong, `availability` falls; `work` counts what a process does
   * (bytes, system calls); `backlog` is what waits; `hits` are cache hits (fewer is worse).
   */
  readonly quantity:
    | 'latency'
    | 'availability'
    | 'errors'
    | 'traffic'
    | 'cpu'
    | 'memory'
    | 'gpu'
    | 'cache'
    | 'backlog'
    | 'hits'
    | 'work'
    | 'other';
  /** Of a latency per edge: who calls. Undefined for a metric of the service itself. */
  readonly peer: string | undefined;
  /** Whose clock measured it, where the name says so: `caller` includes the network, `callee` does not. */
  readonly view: 'caller' | 'callee' | undefined;
  /** Measured on the machine, hence shared by everything on it: it tells nothing of one service. */
  readonly isOfHost: boolean;
  /** 50 for `p50`; undefined for a mean or a plain value. */
  readonly percentile: number | undefined;
}

/** First match wins: `CpuUsageRate` is CPU and no rate, `error_rate` errors and no rate. */
const QUANTITIES: readonly (readonly [MetricKind['quantity'], readonly string[]])[] = [
  ['latency', ['latency', 'duration', 'time', 'delay', 'rtt', 'ttft', 'itl', 'tpot']],
  ['availability', ['availability', 'success', 'up', 'compliance']],
  ['errors', ['error', 'errors', 'failure', 'failures', 'failed', '5xx', 'corrupted', 'xid']],
  ['backlog', ['waiting', 'queue', 'queued', 'pending', 'backlog', 'preemptions', 'preemption']],
  ['hits', ['hit', 'hits']],
  ['cache', ['kv', 'cache']],
  ['cpu', ['cpu', 'load1']],
  ['gpu', ['gpu', 'sm', 'temp', 'temperature', 'clock', 'power', 'throttle', 'fb']],
  ['memory', ['mem', 'memory', 'heap', 'rss']],
  ['work', ['network', 'net', 'disk', 'io', 'syscall', 'fs', 'bytes', 'socket', 'sockets']],
  [
    'traffic',
    [
      'requests',
      'request',
      'running',
      'rate',
      'ops',
      'throughput',
      'workload',
      'qps',
      'rps',
      'tokens',
      'queries',
    ],
  ],
];

const HOST_WORDS = ['node', 'host', 'machine'];
const CALLER_WORDS = ['caller', 'client', 'outbound', 'egress', 'upstream'];
const CALLEE_WORDS = ['callee', 'server', 'inbound', 'ingress'];
const PEER = /[[{](?:.*,\s*)?(?:from|caller|client|peer|source)="?([^\]}",]+)"?/;

/**
 * Reads a metric's kind from generic words in its name, whatever the system that exports it.
 *
 * Words are split at capitals and at anything that is no letter or digit; labels in `[key=value]` or
 * `{key="value"}` name the peer of a per-edge metric. A name without a known word is `other`.
 */
export function describeMetric(name: string): MetricKind {
  const words = name
    .replace(/[[{].*$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const has = (list: readonly string[]): boolean => list.some((word) => words.includes(word));
  const percentile = words.find((word) => /^p\d\d$/.test(word));
  return {
    quantity: QUANTITIES.find(([, list]) => has(list))?.[0] ?? 'other',
    peer: PEER.exec(name)?.[1],
    view: has(CALLER_WORDS) ? 'caller' : has(CALLEE_WORDS) ? 'callee' : undefined,
    isOfHost: has(HOST_WORDS),
    percentile: percentile === undefined ? undefined : Number(percentile.slice(1)),
  };
}

/** Whether a rise of this quantity is bad (1), a fall (-1), or neither in itself (0). */
export function badDirection(quantity: MetricKind['quantity']): 1 | -1 | 0 {
  switch (quantity) {
    case 'latency':
    case 'errors':
    case 'backlog':
    case 'cpu':
    case 'memory':
    case 'gpu':
    case 'cache':
      return 1;
    case 'availability':
    case 'hits':
      return -1;
    case 'traffic':
    case 'work':
    case 'other':
      return 0;
  }
}
