import type { CallEdge, RankInput } from './rank-input.js';

/** A recorded incident as the labelled data sets have it; times are Unix seconds. */
export interface RcaCase {
  readonly id: string;
  readonly stepSeconds: number;
  readonly incident: {
    readonly service: string;
    readonly metric: string;
    readonly startedAt: number;
    readonly kind: string;
  };
  readonly topology: readonly CallEdge[];
  readonly series: readonly {
    readonly service: string;
    readonly metric: string;
    /** Unix seconds and value, in any order; null where there was none. */
    readonly points: readonly (readonly [number, number | null])[];
  }[];
}

/**
 * A case as the ranker's input: milliseconds, points in time order, those without a finite value left out,
 * the last of several of one instant kept.
 *
 * Kinds other than latency, availability and errors count as `performance`.
 */
export function caseToRankInput(recorded: RcaCase): RankInput {
  const { kind, service, metric, startedAt } = recorded.incident;
  return {
    stepMs: recorded.stepSeconds * 1000,
    incident: {
      service,
      metric,
      startedAtMs: startedAt * 1000,
      kind:
        kind === 'latency' || kind === 'availability' || kind === 'errors' ? kind : 'performance',
    },
    topology: recorded.topology,
    series: recorded.series.map((series) => {
      const byTime = new Map<number, number>();
      for (const [seconds, value] of series.points) {
        const isUsable = value !== null && Number.isFinite(seconds) && Number.isFinite(value);
        if (isUsable) byTime.set(seconds * 1000, value);
      }
      const points = [...byTime].sort((a, b) => a[0] - b[0]);
      return {
        service: series.service,
        metric: series.metric,
        timesMs: points.map(([atMs]) => atMs),
        values: points.map(([, value]) => value),
      };
    }),
  };
}
