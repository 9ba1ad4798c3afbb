import type { Facts } from './facts.js';
import type { RatedHypothesis, SimilarIncident } from './report.js';
import { entityOf } from './evidence.js';

/** What an earlier incident was like, as it is archived. */
export interface PastReport {
  readonly incidentId: string;
  readonly runId: string;
  readonly createdAtMs: number;
  readonly probableCause: string;
  readonly features: readonly string[];
}

/** Signals that an incident is known by: more than these are its consequences' consequences. */
const MOST_SIGNALS = 12;
/** From half of the weight in common on, an incident is worth reading. */
const LEAST_SIMILARITY = 0.5;
const MOST_SIMILAR = 5;

/**
 * What an incident was like, as words that can be compared: `cause:…`, `how:…`, `metric:…`, `place:…`,
 * `scope:…`, and `rises:…` or `falls:…` for the signals that changed most. In no order.
 */
export function featuresOf(facts: Facts, cause: RatedHypothesis | undefined): string[] {
  const { changes, scope, evidence } = facts;
  const strongest = [...changes]
    .filter(({ hasChanged }) => hasChanged)
    .sort((a, b) => Math.abs(b.units) - Math.abs(a.units))
    .map(({ signal, units }) => `${units > 0 ? 'rises' : 'falls'}:${signal}`);
  return [
    ...(cause ? [`cause:${cause.kind}`, `place:${entityOf(cause.service, cause.replica)}`] : []),
    ...(cause?.mechanism === undefined ? [] : [`how:${cause.mechanism}`]),
    `metric:${evidence.incident.metric}`,
    `scope:${scope.kind}`,
    ...[...new Set(strongest)].slice(0, MOST_SIGNALS),
  ];
}

/** The cause weighs as much as several signals: incidents that look alike by chance differ in it. */
function weightOf(feature: string): number {
  if (/^(cause|how):/.test(feature)) return 3;
  return feature.startsWith('place:') ? 2 : 1;
}

/**
 * The earlier incidents most like this one, at most five, the most similar first and the newer of equals.
 *
 * Similarity is the weight of what both have over that of what either has (a weighted Jaccard index, 0..1).
 */
export function similarIncidents(
  features: readonly string[],
  past: readonly PastReport[],
): SimilarIncident[] {
  const ours = new Set(features);
  return past
    .map((report) => {
      const { incidentId, runId, createdAtMs, probableCause } = report;
      const similarity = jaccard(ours, new Set(report.features));
      return { incidentId, runId, atMs: createdAtMs, probableCause, similarity };
    })
    .filter(({ similarity }) => similarity >= LEAST_SIMILARITY)
    .sort((a, b) => b.similarity - a.similarity || b.atMs - a.atMs)
    .slice(0, MOST_SIMILAR);
}

function jaccard(ours: ReadonlySet<string>, theirs: ReadonlySet<string>): number {
  let both = 0;
  let either = 0;
  for (const feature of new Set([...ours, ...theirs])) {
    const weight = weightOf(feature);
    either += weight;
    if (ours.has(feature) && theirs.has(feature)) both += weight;
  }
  return either === 0 ? 0 : both / either;
}
