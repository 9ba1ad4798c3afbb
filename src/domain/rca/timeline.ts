import type { Facts } from './facts.js';
import { describeChange } from './describe-change.js';
import { findChangePoint } from './changepoint.js';
import type { SeriesPoints } from '../ports.js';
import type { TimelineLine } from './report.js';

/** Series whose change is placed in time, at most: a timeline of everything tells nothing. */
const MOST_METRIC_LINES = 12;
/** A line of a log is enough in a timeline; the whole text is in the diagnostics. */
const MOST_CHARACTERS = 120;

/** What happened, in time order: changes made, metrics that moved, the incident, the recovery's steps. */
export function timelineOf(facts: Facts, series: readonly SeriesPoints[]): TimelineLine[] {
  const { evidence, onsetMs, recentChanges } = facts;
  const { incident } = evidence;
  const lines: TimelineLine[] = [
    { atMs: onsetMs, kind: 'onset', text: 'most of what changed, changed here' },
    { atMs: incident.startedAtMs, kind: 'incident', text: `${incident.metric} beyond its limit` },
    { atMs: incident.openedAtMs, kind: 'incident', text: 'incident opened' },
  ];
  for (const { atMs, kind, summary, replica, service } of recentChanges) {
    lines.push({ atMs, kind: 'change', text: `${kind} of ${replica ?? service}: ${summary}` });
  }
  for (const { atMs, action, effect, summary } of evidence.steps) {
    lines.push({ atMs, kind: 'step', text: `${action} (${summary}): ${effect}` });
  }
  for (const { atMs, kind, replica, service, text } of evidence.diagnostics) {
    const first = text.trim().split('\n')[0] ?? '';
    const short = first.length > MOST_CHARACTERS ? `${first.slice(0, MOST_CHARACTERS)}…` : first;
    lines.push({ atMs, kind: 'diagnostic', text: `${kind} of ${replica ?? service}: ${short}` });
  }
  return [...lines, ...metricLines(facts, series)].sort((a, b) => a.atMs - b.atMs);
}

function metricLines(facts: Facts, series: readonly SeriesPoints[]): TimelineLine[] {
  const strongest = facts.changes
    .filter(({ hasChanged }) => hasChanged)
    .sort((a, b) => Math.abs(b.units) - Math.abs(a.units))
    .slice(0, MOST_METRIC_LINES);
  return strongest.flatMap((change): TimelineLine[] => {
    const one = series.find(
      ({ service, replica, metric }) =>
        service === change.service && replica === change.replica && metric === change.metric,
    );
    const point = one && findChangePoint(one);
    return point ? [{ atMs: point.atMs, kind: 'metric', text: describeChange(change) }] : [];
  });
}
