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
    /** Unix seconds and value, in any order. */
    readonly points: readonly (readonly [number, number])[];
  }[];
}

/**
 * A case as the ranker's input: milliseconds, points in time order, those without a finite value left out.
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
      const points = series.points
        .filter(([seconds, value]) => Number.isFinite(seconds) && Number.isFinite(value))
        .sort((a, b) => a[0] - b[0]);
      return {
        service: series.service,
        metric: series.metric,
        timesMs: points.map(([seconds]) => seconds * 1000),
        values: points.map(([, value]) => value),
      };
    }),
  };
}
