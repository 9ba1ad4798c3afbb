/** A replica's recent level of an SLI. */
export interface ReplicaLevel {
  readonly replica: string;
  readonly value: number;
}

/** Median of the values; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The replica that stands out among its peers, with how many times as bad it is as their median;
 * undefined when none is at least `factor` times as bad, or there is nobody to compare with.
 */
export function standsOut(
  levels: readonly ReplicaLevel[],
  direction: 'upper' | 'lower',
  factor = 1.5,
): { readonly replica: string; readonly times: number } | undefined {
  if (levels.length < 2) return undefined;
  const badness = (value: number) => (direction === 'upper' ? value : 1 / Math.max(value, 1e-9));
  const worst = levels.reduce((a, b) => (badness(b.value) > badness(a.value) ? b : a));
  const peers = levels.filter((l) => l !== worst).map((l) => badness(l.value));
  const times = badness(worst.value) / Math.max(median(peers), 1e-9);
  return times >= factor ? { replica: worst.replica, times } : undefined;
}
