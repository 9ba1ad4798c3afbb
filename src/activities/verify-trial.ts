import { setTimeout as sleep } from 'node:timers/promises';
import type { Breaker } from '../domain/recovery/breaker.js';
import { trialKinds } from '../domain/recovery/failed-trials.js';
import type { Verdict, VerificationRule } from '../domain/recovery/verification.js';
import type { VerificationPlan } from '../workflows/messages.js';
import { probeEngine } from './actions/engine-probe.js';
import type { World } from './world.js';

/** How often breaker and replica are looked at. */
const LOOK_EVERY_MS = 1_000;
/** One probe: a completion of one token takes a fraction of it. */
const PROBE_WITHIN_MS = 5_000;
/** Probes in a row that settle that the replica is ill: no trial need be waited for. */
const ILL_PROBES = 3;

/**
 * Judges a replica that its breaker keeps away, by itself: its service's SLI is well without it, and
 * would call any step a success. It has recovered once its breakers have closed, which takes a passed
 * trial. It has not when a trial that began after `sinceMs` failed, or when it answers no probe (a
 * completion of one token) several times in a row.
 */
export async function verifyByTrial(
  world: World,
  ask: { verification: VerificationPlan; sinceMs: number; untilMs: number },
  signal: AbortSignal,
): Promise<Verdict> {
  const { target, rule } = ask.verification;
  const engine = world.services.get(target.service)?.engine;
  let ill = 0;
  let said = '';
  for (;;) {
    const nowMs = Date.now();
    const isLast = nowMs >= ask.untilMs;
    const breakers = await breakersOf(world, ask.verification);
    const verdict = judgeTrials(breakers, rule, ask.sinceMs);
    if (verdict !== undefined) return verdict;
    const failed = Math.max(...breakers.map((one) => one.failedTrials));
    if (isLast) return { kind: 'undecided', why: `${waitsFor(breakers)}${said}` };
    if (nowMs >= ask.sinceMs && engine !== undefined && target.replica !== undefined) {
      const withinMs = Math.min(PROBE_WITHIN_MS, Math.max(1, ask.untilMs - nowMs));
      const probe = await probeEngine(engine, target.replica, { withinMs, signal });
      ill = probe.kind === 'ill' ? ill + 1 : 0;
      said = probe.kind === 'well' ? '; it completes what it is asked' : `; ${probe.why}`;
      if (ill >= ILL_PROBES) return { kind: 'no-effect', median: failed };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function breakersOf(world: World, { target }: VerificationPlan): Promise<readonly Breaker[]> {
  const { service, replica } = target;
  const views = await world.breakers.states();
  const view = views.find((one) => one.service === service && one.replica === replica);
  const kinds = trialKinds(world.breakers.settings);
  return kinds.flatMap((kind) => view?.breakers[kind] ?? []);
}

/** What the breakers say by themselves; undefined while the trial is to come or under way. */
function judgeTrials(
  breakers: readonly Breaker[],
  rule: VerificationRule,
  sinceMs: number,
): Verdict | undefined {
  if (breakers.every(({ status }) => status === 'closed')) return { kind: 'recovered', median: 0 };
  const again = breakers.find(
    (one) => one.status === 'open' && one.sinceMs > sinceMs && one.failedTrials > 0,
  );
  if (again === undefined) return undefined;
  return { kind: rule.wasGood === true ? 'worse' : 'no-effect', median: again.failedTrials };
}

function waitsFor(breakers: readonly Breaker[]): string {
  const held = breakers.filter(({ status }) => status !== 'closed');
  return `its breaker is ${[...new Set(held.map(({ status }) => status))].join(' and ')} still`;
}
