/** Cumulative counts of the gateway's latency buckets over all servers, by upper bound. */
export type Buckets = ReadonlyMap<number, number>;

const line = /^gateway_request_duration_seconds_bucket\{.*le="([^"]+)"\} (\d+)$/;

/** Reads the gateway's latency histogram. */
export async function readBuckets(gatewayUrl: string): Promise<Buckets> {
  const text = await (await fetch(`${gatewayUrl}/metrics`)).text();
  const buckets = new Map<number, number>();
  for (const candidate of text.split('\n')) {
    const match = line.exec(candidate);
    if (match === null) continue;
    const bound = match[1] === '+Inf' ? Infinity : Number(match[1]);
    buckets.set(bound, (buckets.get(bound) ?? 0) + Number(match[2]));
  }
  return buckets;
}

/** Upper bound in milliseconds of the bucket that holds the 95th percentile between two readings. */
export function p95Between(before: Buckets, after: Buckets): number {
  const bounds = [...after.keys()].sort((one, other) => one - other);
  const counts = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const total = counts.at(-1) ?? 0;
  const index = counts.findIndex((count) => count >= 0.95 * total);
  if (total === 0) throw new Error('no requests between the two readings');
  return (bounds[index] ?? Infinity) * 1000;
}
