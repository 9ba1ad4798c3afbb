import type { SeriesPoints } from '../ports.js';
import type { IncidentEvidence } from './evidence.js';

/** Samples that one analysis looks at, at most: 5,000 series of an hour at 10 s, some 30 MB. */
const MOST_SAMPLES = 5_000 * 360;
/** What a series is thinned to at least, before whole series are left out. */
const LEAST_SAMPLES = 360;

/**
 * The evidence within what an analysis may take, with what had to be left out among `missing`.
 *
 * Long series are thinned evenly, but never the minutes around the opening, where the onset is; then
 * whole series are left out, those of other services and replicas first, and the violated one never.
 */
export function withinBounds(
  evidence: IncidentEvidence,
  mostSamples = MOST_SAMPLES,
): IncidentEvidence {
  const total = evidence.series.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  if (total <= mostSamples) return evidence;
  const most = Math.max(LEAST_SAMPLES, Math.floor(mostSamples / evidence.series.length));
  const thinned = evidence.series.map((one) => thin(one, most, evidence.incident.openedAtMs));
  const ordered = [...thinned].sort((a, b) => distance(a, evidence) - distance(b, evidence));
  const kept: SeriesPoints[] = [];
  let samples = 0;
  for (const one of ordered) {
    samples += one.timesMs.length;
    if (samples > mostSamples && kept.length > 0) break;
    kept.push(one);
  }
  const left = thinned.length - kept.length;
  const told = [
    `${total} samples are more than an analysis takes: long series were thinned to about ${most}`,
    ...(left === 0 ? [] : [`${left} series of other replicas and services were left out for that`]),
  ];
  return { ...evidence, series: kept, missing: [...evidence.missing, ...told] };
}

/** Around the opening every sample counts. */
const DENSE_MS = 5 * 60_000;

function thin(series: SeriesPoints, most: number, openedAtMs: number): SeriesPoints {
  const { timesMs, values } = series;
  if (timesMs.length <= most) return series;
  const dense = timesMs.filter((atMs) => Math.abs(atMs - openedAtMs) <= DENSE_MS).length;
  const denseStride = Math.max(1, Math.ceil((2 * dense) / most));
  const stride = Math.max(1, Math.ceil((2 * (timesMs.length - dense)) / most));
  const keep = timesMs.map((atMs, i) => {
    const isDense = Math.abs(atMs - openedAtMs) <= DENSE_MS;
    return i % (isDense ? denseStride : stride) === 0;
  });
  return {
    ...series,
    timesMs: timesMs.filter((_, i) => keep[i]),
    values: values.filter((_, i) => keep[i]),
  };
}

/** 0 for the violated series itself; then its replica, its service as such, its peers, others. */
function distance(series: SeriesPoints, { incident }: IncidentEvidence): number {
  if (series.service !== incident.service) return 4;
  if (series.replica !== incident.replica) return series.replica === undefined ? 2 : 3;
  return series.metric === incident.metric ? 0 : 1;
}
