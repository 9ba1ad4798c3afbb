import { describeBaseline, RELATIVE_FLOOR, type MeasuredSeries } from './measured-series.js';

/**
 * The time calls spend between two services: the caller's latency minus the callee's, per edge.
 *
 * A slow service shows in both views, a slow network in the difference only; where both views of an edge
 * exist, their difference is therefore a series of its own, much calmer than either. It carries the
 * caller's name of the metric. `series` are measured ones; only edges with both views give a gap.
 */
export function networkGaps(series: readonly MeasuredSeries[]): MeasuredSeries[] {
  const edges = new Map<string, { caller?: MeasuredSeries; callee?: MeasuredSeries }>();
  for (const one of series) {
    const { quantity, peer, view, percentile } = one.kind;
    if (quantity !== 'latency' || peer === undefined || view === undefined) continue;
    const key = JSON.stringify([one.service, peer, percentile]);
    const edge = edges.get(key) ?? {};
    edge[view] = one;
    edges.set(key, edge);
  }
  return [...edges.values()].flatMap(({ caller, callee }) =>
    caller && callee ? (gapOf(caller, callee) ?? []) : [],
  );
}

function gapOf(caller: MeasuredSeries, callee: MeasuredSeries): MeasuredSeries | undefined {
  const calleeAt = new Map(
    Array.from(callee.times, (time, i) => [time, callee.values[i]!] as const),
  );
  const times: number[] = [];
  const values: number[] = [];
  let baselineEnd = 0;
  for (const [i, time] of caller.times.entries()) {
    const other = calleeAt.get(time);
    if (other === undefined) continue;
    times.push(time);
    values.push(caller.values[i]! - other);
    if (i < caller.baselineEnd) baselineEnd++;
  }
  if (baselineEnd < 3) return undefined;
  const gaps = Float64Array.from(values);
  const { median, spread, deviation } = describeBaseline(gaps, baselineEnd);
  // The gap's own median is near 0, so its floor is a share of the whole call.
  const scale = Math.max(spread, deviation, RELATIVE_FLOOR * Math.abs(caller.median));
  return { ...caller, times: Float64Array.from(times), values: gaps, median, scale, baselineEnd };
}
