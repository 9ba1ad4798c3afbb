import { causalPath } from './causal-graph.js';
import { describeChange } from './describe-change.js';
import type { Facts } from './facts.js';
import type { RatedHypothesis, RelatedSeries } from './report.js';
import { signalOf } from './signal.js';

/** Seconds, for people. */
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** What else the evidence teaches: how the cause worked its way to the symptom, who led, who was spared. */
export function insightsOf(
  facts: Facts,
  cause: RatedHypothesis | undefined,
  related: readonly RelatedSeries[],
): string[] {
  const insights: string[] = [];
  const from = cause === undefined ? undefined : signalOf(cause.metric);
  const to = signalOf(facts.evidence.incident.metric);
  const path = from !== undefined && to !== undefined ? causalPath(from, to) : undefined;
  for (const { from: one, to: other, reason } of path ?? []) {
    insights.push(`${one} → ${other}: ${reason}`);
  }
  const leader = related.find(({ role }) => role === 'leading');
  if (leader) {
    const who = leader.replica ?? leader.service;
    insights.push(`${who} ${leader.metric} led the symptom by ${seconds(leader.lagMs)}`);
  }
  const improved = facts.changes.find(({ hasChanged, isWorse, signal }) => {
    return hasChanged && !isWorse && signal === 'latency';
  });
  if (improved) insights.push(`${describeChange(improved)}: it was spared`);
  const late = facts.evidence.incident.startedAtMs - facts.onsetMs;
  if (late > LATE_MS) insights.push(`it began ${seconds(late)} before it was reported`);
  return insights;
}

/** Half a minute is what windows and scrapes take; more is worth telling. */
const LATE_MS = 30_000;
