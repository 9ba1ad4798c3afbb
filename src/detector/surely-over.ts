import { effectiveWindowMs } from '../domain/sla/evaluate.js';
import type { RegressionPolicy } from '../domain/sla/policy.js';
import { regressionName } from '../domain/sla/regression-judge.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { fingerprintOf, scopeOf } from '../domain/sla/violation.js';
import type { StoredSeries } from './series-store.js';
import { GONE } from './why-over.js';

const MINUTE_MS = 60_000;

/** What is known when it is asked whether an incident is over whose violation nobody here remembers. */
interface OverContext {
  readonly thresholds: readonly Threshold[];
  readonly series: Iterable<StoredSeries>;
  readonly regression: RegressionPolicy;
  readonly minSamples: number;
  /** Where samples are fetched, and how often; none where all is pushed. */
  readonly targets: readonly { readonly service: string; readonly periodMs: number }[];
  /** For how long this detector has looked. */
  readonly watchedMs: number;
  readonly nowMs: number;
}

/** The same, with what others than the thresholds know. */
export interface UnseenContext extends OverContext {
  /** The replicas of each service as its targets last named them. */
  readonly fleets: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether one that no threshold judges by its samples, as a budget or a breaker, says so. */
  readonly isSaidOver: () => boolean;
}

/** Why a violation is over whose end was not seen here; undefined where nothing shows that it is. */
export function whyUnseenOver(fingerprint: string, context: UnseenContext): string | undefined {
  const { service, replica } = scopeOf(fingerprint);
  if (replica !== undefined && context.fleets.get(service)?.has(replica) === false) return GONE;
  return context.isSaidOver() || isSurelyOver(fingerprint, context)
    ? 'the SLI is inside its limit, though its end was not seen'
    : undefined;
}

/**
 * Whether a violation that is not open here, though its incident is, is over: after two whole windows
 * without it, and with fresh samples; a service's also by those of its replicas. A regression needs
 * its baseline and the time that is compared with it. Never for what no threshold in force stands for.
 */
function isSurelyOver(fingerprint: string, context: OverContext): boolean {
  const { thresholds, series, regression, minSamples, watchedMs, nowMs } = context;
  const regressionMs = (regression.minBaselineMinutes + regression.recentMinutes) * MINUTE_MS;
  for (const { service, replica, metric, column } of series) {
    for (const threshold of thresholds) {
      if (threshold.metric !== metric) continue;
      const stands = (name: string) =>
        [replica, undefined].some(
          (scope) => fingerprintOf({ service, replica: scope }, name) === fingerprint,
        );
      const isIt = stands(threshold.name);
      if (!isIt && !stands(regressionName(metric))) continue;
      const own = context.targets.filter((target) => target.service === service);
      const periodMs = Math.max(0, ...own.map((target) => target.periodMs));
      const windowMs = effectiveWindowMs(threshold.windowMs, periodMs, minSamples);
      const isWatched = watchedMs > (isIt ? 2 * windowMs : regressionMs);
      if (isWatched && nowMs - column.newestMs < windowMs) return true;
    }
  }
  return false;
}
