import { forecastBreach } from '../domain/sla/forecast.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { StoredSeries } from './series-store.js';

/** Where one SLI is heading, as far as its trend goes on. */
export interface OutlookView {
  readonly threshold: string;
  readonly service: string;
  /** Undefined: the service's own series. */
  readonly replica: string | undefined;
  readonly outlook: 'breached' | 'breach-ahead' | 'steady' | 'unknown';
  /** Only with `breach-ahead`: until the limit is crossed, from the last sample on. */
  readonly breachInSeconds: number | undefined;
}

/** A trend is looked for over two windows, and at least this. */
const LEAST_LOOK_BACK_MS = 30 * 60_000;

/**
 * The outlook of each enabled threshold for each service: of the service's own series, or where there
 * is none of the replica that gets there first. Costs a few ms a series: not for every request.
 */
export function outlooks(
  series: Iterable<StoredSeries>,
  thresholds: readonly Threshold[],
  nowMs: number,
): OutlookView[] {
  const found = new Map<string, OutlookView>();
  const all = [...series];
  for (const threshold of thresholds) {
    if (!threshold.enabled) continue;
    const lookBackMs = Math.max(LEAST_LOOK_BACK_MS, 2 * threshold.windowMs);
    for (const { service, replica, metric, column } of all) {
      if (metric !== threshold.metric) continue;
      const { timesMs, values } = column.range(nowMs - lookBackMs, nowMs);
      const forecast = forecastBreach(timesMs, values, threshold);
      const view: OutlookView = {
        ...{ threshold: threshold.name, service, replica, outlook: forecast.outlook },
        breachInSeconds: forecast.outlook === 'breach-ahead' ? forecast.inMs / 1000 : undefined,
      };
      const key = `${threshold.name}\n${service}`;
      const before = found.get(key);
      if (before === undefined || isRather(view, before)) found.set(key, view);
    }
  }
  return [...found.values()];
}

/** Whether `a` tells more of a service than `b`: its own series, then what is nearest to a breach. */
function isRather(a: OutlookView, b: OutlookView): boolean {
  if ((a.replica === undefined) !== (b.replica === undefined)) return a.replica === undefined;
  const nearness = ({ outlook, breachInSeconds }: OutlookView) =>
    outlook === 'breached'
      ? 0
      : outlook === 'breach-ahead'
        ? (breachInSeconds ?? Infinity)
        : Infinity;
  return nearness(a) < nearness(b);
}
