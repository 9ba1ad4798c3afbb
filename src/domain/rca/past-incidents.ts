import type { SeriesPoints } from '../ports.js';
import type { IncidentEvidence } from './evidence.js';
import { firstIndexAt } from './quantiles.js';

/** A series that keeps fewer samples before the incident is left whole: a bad past is better than none. */
const LEAST_LEFT = 12;

/**
 * The series without what was measured during earlier incidents.
 *
 * Else a fault an hour long, or several in a row, would make the faulty level the normal one, and a
 * replica that was ill before would be forgiven for being ill again. Incidents that reach into this one
 * are part of it, and stay.
 */
export function withoutPastIncidents(
  series: SeriesPoints,
  { incident, pastIncidents }: Pick<IncidentEvidence, 'incident' | 'pastIncidents'>,
): SeriesPoints {
  const past = pastIncidents.filter(({ toMs }) => toMs < incident.startedAtMs);
  if (past.length === 0) return series;
  const keep = series.timesMs.map(
    (atMs) => !past.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs),
  );
  const before = firstIndexAt(series.timesMs, incident.startedAtMs);
  if (keep.slice(0, before).filter(Boolean).length < LEAST_LEFT) return series;
  return {
    ...series,
    timesMs: series.timesMs.filter((_, i) => keep[i]),
    values: series.values.filter((_, i) => keep[i]),
  };
}
