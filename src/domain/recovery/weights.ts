/** A server as far as its share of the traffic goes. */
export interface WeightedServer {
  readonly name: string;
  readonly weight: number;
  readonly initialWeight: number;
  readonly isServing: boolean;
}

/**
 * The weight that takes load off a server which is `slowness` times as slow as its peers.
 *
 * A fifth of its configured weight at the most, less where it is slower still: an overloaded engine
 * must first drain its queue, so a merely proportional cut would leave it saturated. Where the SLI is a
 * percentile, what it gets of the traffic is also at most half of what that leaves out, 2.5 % for p95: with a
 * tenth of its weight one of three gets 4.8 %, and as chance has it the p95 is its latency or that of its
 * peers. At least 1, so that the server keeps receiving enough requests to be measured.
 *
 * @param pool Weight of the others in service; the percentile in percent, undefined where it is none.
 */
export function relievedWeight(
  initialWeight: number,
  slowness: number,
  pool: { readonly othersWeight: number; readonly percentile: number | undefined },
): number {
  const share = Math.min(0.2, 1 / Math.max(1, slowness * slowness));
  const bySlowness = Math.round(initialWeight * Math.max(share, 0.1));
  const { othersWeight, percentile } = pool;
  if (percentile === undefined) return Math.max(1, bySlowness);
  const ofTraffic = (100 - percentile) / 200;
  const byTail = Math.floor((othersWeight * ofTraffic) / (1 - ofTraffic));
  return Math.max(1, Math.min(bySlowness, byTail));
}

/** The percentile, in percent, that an SLI is by its name: 95 for `request_latency_p95`. */
export function percentileOf(metric: string): number | undefined {
  const digits = /_p(\d{2})(\d*)$/.exec(metric);
  return digits === null ? undefined : Number(`${digits[1]}.${digits[2]}`);
}

const isFull = (s: WeightedServer) => s.isServing && s.weight * 2 > s.initialWeight;

/** Why the pool can't do without that server: too few others are in full service. Undefined if it can. */
export function tooFewWithout(
  servers: readonly WeightedServer[],
  name: string,
  minHealthy: number,
): string | undefined {
  const others = servers.filter((s) => s.name !== name && isFull(s)).length;
  if (others >= minHealthy) return undefined;
  return `only ${others} healthy servers would remain, at least ${minHealthy} must`;
}

/**
 * Weights on the way back from `reduced` to `before`: the shares (percent of `before`) in rising order,
 * without those that would not raise it, or would be all of it.
 */
export function rampWeights(
  reduced: number,
  before: number,
  sharesPercent: readonly number[],
): number[] {
  const weights = sharesPercent.map((share) => Math.round((before * share) / 100));
  const between = weights.filter((weight) => weight > reduced && weight < before);
  return [...new Set(between)].sort((a, b) => a - b);
}

/**
 * Whether a server may be taken out (drained or nearly so): at least `minHealthy` others must stay in
 * service, and no more than `maxSharePercent` of the pool's servers may be out or reduced at once.
 * Returns undefined when allowed, else why not.
 */
export function refusalToRelieve(
  servers: readonly WeightedServer[],
  name: string,
  limits: { readonly minHealthy: number; readonly maxSharePercent: number },
): string | undefined {
  const target = servers.find((s) => s.name === name);
  if (target === undefined) return `server "${name}" is not in the pool`;
  const tooFew = tooFewWithout(servers, name, limits.minHealthy);
  if (tooFew !== undefined) return tooFew;
  const touched = servers.filter((s) => s.name === name || !isFull(s)).length;
  // One server may always be touched: in a pool of three a limit of 25 % would otherwise forbid everything.
  if (touched > 1 && (100 * touched) / servers.length > limits.maxSharePercent) {
    return `${touched} of ${servers.length} servers would be out or reduced, at most ${limits.maxSharePercent} % may`;
  }
  return undefined;
}
