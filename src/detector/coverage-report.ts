import type { SourceTarget } from '../adapters/sources/source.js';
import { effectiveWindowMs } from '../domain/sla/evaluate.js';
import type { ThresholdCoverage } from './coverage.js';

/** One entry of the start-up report: a threshold in a service. */
export interface CoverageEntry {
  readonly threshold: string;
  readonly service: string;
  readonly status: ThresholdCoverage['status'];
  /** Source, period, scopes and window in force; or why it can't be measured, and what to do. */
  readonly text: string;
}

type Scope = ThresholdCoverage['scopes'][number];

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/**
 * Puts the report on what is measurable into words. Samples that queries against a Prometheus give
 * are stored like pushed ones; `queries` are the targets of such queries, so that they are named.
 */
export function reportCoverage(
  coverage: readonly ThresholdCoverage[],
  queries: readonly SourceTarget[],
  minSamples: number,
): CoverageEntry[] {
  return coverage.map(({ threshold, metric, service, status, scopes, notes }) => {
    const query = queries.find(({ id }) => id.startsWith(`promql ${service}/${metric} `));
    const known = scopes.map((scope) =>
      query === undefined || scope.source !== 'pushed' ? scope : asked(scope, query, minSamples),
    );
    const parts = [...feeds(known), ...notes];
    return { threshold, service, status, text: parts.join('; ') };
  });
}

function asked(scope: Scope, query: SourceTarget, minSamples: number): Scope {
  const { periodMs, url } = query;
  const windowMs = effectiveWindowMs(scope.windowMs, periodMs, minSamples);
  return { ...scope, source: 'PromQL', target: url, periodMs, windowMs };
}

/** Scopes that are fed alike, in one line each. */
function feeds(scopes: readonly Scope[]): string[] {
  const groups = new Map<string, Scope[]>();
  for (const scope of scopes) {
    const key = [scope.source, scope.periodMs, scope.sliWindowMs, scope.windowMs].join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [scope]);
    else group.push(scope);
  }
  return [...groups.values()].map((group) => {
    const { source, periodMs, sliWindowMs, windowMs } = group[0]!;
    const names = group.map(({ replica }) => replica ?? 'service');
    const often = periodMs === undefined ? '' : ` every ${seconds(periodMs)}`;
    const over = sliWindowMs === undefined ? '' : ` over ${seconds(sliWindowMs)}`;
    return `from ${source}${often}${over} (${names.join(', ')}), window ${seconds(windowMs)}`;
  });
}
