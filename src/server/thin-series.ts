/** One series: equally long, in time order. */
interface Points {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/**
 * At most about `most` points of a series as `[ms, value]`, its extremes kept: of each of `most / 2`
 * equal stretches of time the lowest and the highest sample, in time order. A mean would hide the
 * spike that the incident is about.
 */
export function thinSeries({ timesMs, values }: Points, most: number): [number, number][] {
  const count = Math.min(timesMs.length, values.length);
  const at = (i: number): [number, number] => [timesMs[i] ?? 0, values[i] ?? 0];
  if (count <= most) return Array.from({ length: count }, (_, i) => at(i));
  const firstMs = timesMs[0] ?? 0;
  const stretchMs = Math.max(1, ((timesMs[count - 1] ?? 0) - firstMs) / (most / 2));
  const kept: [number, number][] = [];
  let start = 0;
  while (start < count) {
    const stretch = Math.floor(((timesMs[start] ?? 0) - firstMs) / stretchMs);
    let low = start;
    let high = start;
    let end = start;
    while (end < count && Math.floor(((timesMs[end] ?? 0) - firstMs) / stretchMs) === stretch) {
      if ((values[end] ?? 0) < (values[low] ?? 0)) low = end;
      if ((values[end] ?? 0) > (values[high] ?? 0)) high = end;
      end += 1;
    }
    kept.push(at(Math.min(low, high)));
    if (low !== high) kept.push(at(Math.max(low, high)));
    start = end;
  }
  return kept;
}
