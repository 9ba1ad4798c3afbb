import type { IncidentEvidence } from './evidence.js';
import { periodOf } from './align.js';

/** A series that covers less than 70 % of the window, or ends more than 3 periods early, is told. */
const LEAST_COVERAGE = 0.7;
const LATE_PERIODS = 3;
/** Names of series told one by one; the rest are counted. */
const MOST_NAMES = 5;

/**
 * What the analysis had to do without, in words: what the collectors said, and what the series lack.
 *
 * A replica lacks a metric that any of its peers has; a series lacks the part of the window it has no
 * samples in. Empty when all is there.
 */
export function missingEvidence(evidence: IncidentEvidence): string[] {
  const { series, incident } = evidence;
  const missing = [...evidence.missing];
  if (series.length === 0) missing.push('metric history: no series at all');
  const hasViolated = series.some(
    ({ service, replica, metric }) =>
      service === incident.service && replica === incident.replica && metric === incident.metric,
  );
  if (series.length > 0 && !hasViolated)
    missing.push(`the violated series ${incident.metric} itself`);
  missing.push(...tell('no samples of', absentSeries(evidence)));
  missing.push(...tell('gaps in', partialSeries(evidence)));
  return missing;
}

function tell(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const rest = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return [`${what} ${shown}${rest > 0 ? ` and ${rest} more series` : ''}`];
}

function absentSeries({ series }: IncidentEvidence): string[] {
  const replicas = new Map<string, Set<string>>();
  const metrics = new Map<string, Set<string>>();
  const present = new Set<string>();
  for (const { service, replica, metric, timesMs } of series) {
    if (replica === undefined) continue;
    addTo(replicas, service, replica);
    if (timesMs.length === 0) continue;
    addTo(metrics, service, metric);
    present.add(`${service}\n${replica}\n${metric}`);
  }
  return [...replicas].flatMap(([service, names]) =>
    [...names].flatMap((replica) =>
      [...(metrics.get(service) ?? [])]
        .filter((metric) => !present.has(`${service}\n${replica}\n${metric}`))
        .map((metric) => `${replica} ${metric}`),
    ),
  );
}

function partialSeries({ series, incident }: IncidentEvidence): string[] {
  const some = series.filter(({ timesMs }) => timesMs.length > 1);
  if (some.length === 0) return [];
  const firstMs = Math.min(...some.map(({ timesMs }) => timesMs[0]!));
  return some
    .filter(({ timesMs }) => {
      const periodMs = periodOf(timesMs);
      const wanted = (incident.openedAtMs - firstMs) / periodMs;
      const isLate = incident.openedAtMs - timesMs.at(-1)! > LATE_PERIODS * periodMs;
      return isLate || timesMs.length < LEAST_COVERAGE * wanted;
    })
    .map(({ replica, service, metric }) => `${replica ?? service} ${metric}`);
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}
