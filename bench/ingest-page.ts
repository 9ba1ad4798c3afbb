/** Buckets of a latency histogram as engines have them. */
const BOUNDS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 2.5, 5, 7.5, 10,
  20, 40, 80,
];
const LABELS = 'engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"';

/**
 * A page as a busy engine serves it: histograms, counters and gauges with their HELP and TYPE lines.
 * `round` changes every value, as under load; the lines are the same up to their values.
 */
export function enginePage(series: number, round: number): Buffer {
  const lines: string[] = [];
  let count = 0;
  let seed = 12_345;
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
  const push = (name: string, labels: string, value: string): void => {
    lines.push(`${name}{${labels}} ${value}`);
    count += 1;
  };
  // What SLIs are taken from comes first, and is on the smallest page too.
  lines.push('# TYPE aphrodite:num_requests_running gauge');
  push('aphrodite:num_requests_running', LABELS, `${round % 40}.0`);
  push('aphrodite:num_requests_waiting', LABELS, `${round % 7}.0`);
  push('aphrodite:kv_cache_usage_perc', LABELS, String((0.1 + next() * 0.001 * (round % 800)) % 1));
  for (const name of ['prompt_tokens', 'generation_tokens', 'prefix_cache_hits']) {
    lines.push(`# HELP aphrodite:${name}_total Number of ${name}.`);
    lines.push(`# TYPE aphrodite:${name}_total counter`);
    push(`aphrodite:${name}_total`, LABELS, `${1_234_567 + 997 * round}.0`);
  }
  push('aphrodite:prefix_cache_queries_total', LABELS, `${2_234_567 + 1_997 * round}.0`);
  for (const reason of ['stop', 'length', 'abort', 'error']) {
    push(
      'aphrodite:request_success_total',
      `${LABELS},finished_reason="${reason}"`,
      `${5 * round}.0`,
    );
  }
  const families = ['http_request_duration_highr_seconds', 'aphrodite:time_to_first_token_seconds'];
  for (let i = 0; count < series; i += 1) {
    const name = families[i] ?? `aphrodite:request_phase_${i}_time_seconds`;
    lines.push(`# HELP ${name} Histogram of ${name} in seconds.`);
    lines.push(`# TYPE ${name} histogram`);
    let total = 0;
    for (const bound of BOUNDS) {
      if (count >= series - 3) break;
      total += Math.floor(next() * 40) * round;
      push(`${name}_bucket`, `${LABELS},le="${bound}"`, `${total}.0`);
    }
    push(`${name}_bucket`, `${LABELS},le="+Inf"`, `${total}.0`);
    push(`${name}_count`, LABELS, `${total}.0`);
    // As Python prints a sum: up to 17 digits.
    push(`${name}_sum`, LABELS, String(total * 0.083_217 + next()));
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
