import type { SeriesPoints } from '../ports.js';
import { rateOfCounter } from './counter-rate.js';
import type { Facts } from './facts.js';
import type { PicturedSeries } from './report.js';

/** A postmortem shows the violated series and the five that changed most where the cause is. */
const MOST_PICTURES = 6;
/** Points of a picture: one every second pixel of its 240. */
const MOST_POINTS = 120;

/** The series that matter, also after the opening, thinned by keeping each stretch's extreme, so that no spike is lost. */
export function picturesOf(facts: Facts): PicturedSeries[] {
  const { incident, series } = facts.evidence;
  const violated = series.filter(
    ({ service, replica, metric }) =>
      service === incident.service && replica === incident.replica && metric === incident.metric,
  );
  const strongest = [...facts.changes]
    .filter(({ hasChanged }) => hasChanged)
    .sort((a, b) => Math.abs(b.units) - Math.abs(a.units))
    .flatMap((change) =>
      series.filter(
        ({ service, replica, metric }) =>
          service === change.service && replica === change.replica && metric === change.metric,
      ),
    );
  return [...new Set([...violated, ...strongest])].slice(0, MOST_PICTURES).map((one) => ({
    label: `${one.replica ?? one.service} ${one.metric}`,
    ...thin(rateOfCounter(one)),
  }));
}

function thin({ timesMs, values }: SeriesPoints): { timesMs: number[]; values: number[] } {
  const stretch = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const kept = { timesMs: [] as number[], values: [] as number[] };
  for (let from = 0; from < values.length; from += stretch) {
    let extreme = from;
    const mean = (values[from]! + values[Math.min(from + stretch, values.length) - 1]!) / 2;
    for (let i = from; i < Math.min(from + stretch, values.length); i++) {
      if (Math.abs(values[i]! - mean) > Math.abs(values[extreme]! - mean)) extreme = i;
    }
    kept.timesMs.push(timesMs[extreme]!);
    kept.values.push(values[extreme]!);
  }
  return kept;
}
