import { setTimeout as sleep } from 'node:timers/promises';
import { FAILED_TRIALS_METRIC } from '../domain/recovery/failed-trials.js';
import { judge, type Verdict } from '../domain/recovery/verification.js';
import type { VerificationPlan } from '../workflows/messages.js';
import { verifyByTrial } from './verify-trial.js';
import type { World } from './world.js';

/** How often fresh samples are looked for. */
const LOOK_EVERY_MS = 500;

/**
 * Waits for samples taken after `sinceMs` and judges the SLI by them, at most until `untilMs`.
 *
 * A replica that gets too few requests to be measured, because load was taken off it, is judged by
 * its service's SLI: that is what users see. One that its breaker keeps away for failing its trials is not:
 * that SLI is well because it is away.
 */
export async function verify(
  world: World,
  ask: { verification: VerificationPlan; sinceMs: number; untilMs: number },
  signal: AbortSignal,
): Promise<Verdict> {
  const { metric, target, rule } = ask.verification;
  if (metric === FAILED_TRIALS_METRIC) return verifyByTrial(world, ask, signal);
  const read = async (replica: string | undefined, toMs: number) => {
    const series = await world.history.range({
      service: target.service,
      metrics: [metric],
      fromMs: ask.sinceMs,
      toMs,
    });
    const one = series.find((s) => s.replica === replica);
    return (one?.timesMs ?? []).map((atMs, i) => ({ atMs, value: one?.values[i] ?? Number.NaN }));
  };
  // Half of the time is left to the replica's own samples.
  const ownUntilMs = (ask.sinceMs + ask.untilMs) / 2;
  for (;;) {
    const nowMs = Date.now();
    const isLast = nowMs >= ask.untilMs;
    const own = await read(target.replica, nowMs);
    const isMeasured = own.length >= rule.minSamples;
    const verdict = judge(own, rule, isLast);
    if (verdict.kind !== 'undecided') return verdict;
    if (target.replica !== undefined && !isMeasured && (isLast || nowMs >= ownUntilMs)) {
      const byService = judge(await read(undefined, nowMs), rule, isLast);
      if (byService.kind !== 'undecided') return byService;
    }
    if (isLast) return verdict;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
