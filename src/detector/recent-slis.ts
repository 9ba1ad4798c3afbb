import type { SeriesPoints } from '../domain/ports.js';
import type { Direction, Threshold } from '../domain/sla/threshold.js';
import type { SeriesStore } from './series-store.js';

/** What a small picture needs: an hour in half minutes. */
const STEP_MS = 30_000;
const STEPS = 120;
/** As the regression's: the last 15 minutes against what came before. */
const RECENT_STEPS = 30;
/** A median of fewer halves of a minute is no level. */
const LEAST_STEPS = 6;

/** An SLI of now and of the last hour. */
export interface RecentSli {
  readonly service: string;
  readonly threshold: string;
  /** Whose it is: undefined for the service's own, else the worst replica's. */
  readonly replica: string | undefined;
  readonly value: number;
  readonly atMs: number;
  /** Start of the first step. */
  readonly startMs: number;
  readonly stepMs: number;
  /** Worst sample of each step; null without one. */
  readonly values: readonly (number | null)[];
  /**
   * Median of the last 15 minutes against the median before it, in percent of that; positive is
   * worse. Undefined where either has less than 3 minutes.
   */
  readonly worsePercent: number | undefined;
}

/** The last hour of every enabled threshold in every service that has samples of it. */
export function recentSlis(
  store: Pick<SeriesStore, 'rangeNow'>,
  services: readonly string[],
  thresholds: readonly Threshold[],
  nowMs: number,
): RecentSli[] {
  const enabled = thresholds.filter((threshold) => threshold.enabled);
  const metrics = [...new Set(enabled.map(({ metric }) => metric))];
  const startMs = (Math.floor(nowMs / STEP_MS) - STEPS + 1) * STEP_MS;
  return services.flatMap((service) => {
    const found = store.rangeNow({ service, metrics, fromMs: startMs, toMs: nowMs });
    return enabled.flatMap((threshold) => {
      const series = seriesOf(found, threshold);
      return series === undefined ? [] : [recentOf(series, threshold, startMs)];
    });
  });
}

/** The service's own series, else that of the replica which is worst now. */
function seriesOf(
  found: readonly SeriesPoints[],
  { metric, direction }: Threshold,
): SeriesPoints | undefined {
  const those = found.filter((series) => series.metric === metric && series.values.length > 0);
  const own = those.find(({ replica }) => replica === undefined);
  if (own !== undefined || those.length === 0) return own;
  const last = ({ values }: SeriesPoints) => values.at(-1) ?? Number.NaN;
  return those.reduce((a, b) => (worse(last(a), last(b), direction) === last(a) ? a : b));
}

function recentOf(series: SeriesPoints, threshold: Threshold, startMs: number): RecentSli {
  const values: (number | null)[] = Array.from({ length: STEPS }, () => null);
  for (const [i, value] of series.values.entries()) {
    const step = Math.floor(((series.timesMs[i] ?? startMs) - startMs) / STEP_MS);
    const known = values[step];
    if (known === undefined) continue;
    values[step] = known === null ? value : worse(known, value, threshold.direction);
  }
  return {
    service: series.service,
    threshold: threshold.name,
    replica: series.replica,
    value: series.values.at(-1) ?? Number.NaN,
    atMs: series.timesMs.at(-1) ?? startMs,
    startMs,
    stepMs: STEP_MS,
    values,
    worsePercent: worsePercent(values, threshold.direction),
  };
}

function worse(a: number, b: number, direction: Direction): number {
  return direction === 'upper' ? Math.max(a, b) : Math.min(a, b);
}

function worsePercent(
  values: readonly (number | null)[],
  direction: Direction,
): number | undefined {
  const before = median(values.slice(0, -RECENT_STEPS));
  const recent = median(values.slice(-RECENT_STEPS));
  if (before === undefined || recent === undefined || before === 0) return undefined;
  const change = (100 * (recent - before)) / Math.abs(before);
  return direction === 'upper' ? change : -change;
}

function median(values: readonly (number | null)[]): number | undefined {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length < LEAST_STEPS) return undefined;
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
