import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Balance } from '../src/drill/balance.js';
import { eventually } from '../test/e2e/eventually.js';
import { readArchive, readViolations } from './archive-file.js';
import { deal, type TakenOrder } from './blows.js';
import type { Evidence } from './evidence.js';
import { FleetView } from './fleet.js';
import { CLOCK_FURTHEST_MS, describeBlow, schedule, type Round } from './schedule.js';
import { Victim } from './victim.js';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  /** A folder that is given logs, archive and Temporal's database, whatever came of the run. */
  readonly keepIn: string | undefined;
  /** One line for people as it happens. */
  readonly tell: (line: string) => void;
}

/** After the last blow: the longest procedure, its rollback, and two windows for the detector to agree. */
const SETTLE_MS = 240_000;
const HEAL_MS = 60_000;
/** The incident of one scope may end in the moment in which that of another begins. */
const QUIET_FOR_MS = 5_000;
/** By then what paramedic does by itself is done, or it has asked for a person. */
const PERSON_AFTER_MS = 120_000;
/** By the clocks being apart, and what a step takes to be seen. */
const CLOCK_PLAY_MS = CLOCK_FURTHEST_MS + 20_000;
const MIN_HEALTHY = 1;

/** What a run left, and what this machine could not do to it. */
export interface TortureResult {
  readonly evidence: Evidence;
  readonly rounds: number;
  readonly blows: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

/**
 * Runs the whole system under load and beats it by the seed's schedule for so many minutes, lets it
 * settle, stops it, and collects what the outside and the archive have to say.
 *
 * @throws Error where the stack can't be started; nothing of it is left behind.
 */
export async function torture({
  minutes,
  seed,
  keepIn,
  tell,
}: TortureOptions): Promise<TortureResult> {
  const victim = await Victim.start();
  const { stack } = victim;
  for (const what of victim.missing) tell(`left out: ${what}`);
  const fleet = new FleetView(stack);
  const orders: TakenOrder[] = [];
  const blows: Record<string, number> = {};
  let rounds = 0;
  try {
    const before = await fleet.state();
    const untilMs = Date.now() + minutes * 60_000;
    for (const round of schedule(seed)) {
      if (Date.now() >= untilMs) break;
      rounds += 1;
      const where = round.engine === undefined ? 'the fleet' : `engine-${round.engine}`;
      tell(`round ${rounds}: ${round.fault} of ${where}`);
      orders.push(...(await oneRound(victim, fleet, round, tell)));
      for (const { blow } of round.blows) blows[blow.kind] = (blows[blow.kind] ?? 0) + 1;
      await quiet(victim, fleet, before.balancer, tell);
    }
    const after = await fleet.state();
    const gateway = await fleet.gatewayLog();
    const supervisor = await fleet.supervisorLog();
    await stack.halt();
    const evidence: Evidence = {
      ...{ gateway, supervisor, orders },
      ...readArchive(path.join(stack.dataDir, 'archive.db')),
      violations: readViolations(stack.dataDir),
      balancer: { before: before.balancer, after: after.balancer },
      replicas: { before: before.replicas, after: after.replicas },
      release: { before: before.release, after: after.release },
      minHealthyReplicas: MIN_HEALTHY,
      clockPlayMs: CLOCK_PLAY_MS,
    };
    return { evidence, rounds, blows, missing: victim.missing };
  } finally {
    await stack.halt().catch(() => undefined);
    if (keepIn !== undefined) victim.keep(keepIn);
    await victim.stop();
  }
}

async function oneRound(
  victim: Victim,
  fleet: FleetView,
  { fault, engine, faultMs, blows }: Round,
  tell: (line: string) => void,
): Promise<TakenOrder[]> {
  await fleet.inject(fault, engine, faultMs);
  const startedAtMs = performance.now();
  const dealing = blows.map(async ({ afterMs, blow }) => {
    await sleep(afterMs);
    tell(`  ${describeBlow(blow)}`);
    return deal(victim, blow);
  });
  const taken = (await Promise.all(dealing)).flat();
  await sleep(Math.max(0, faultMs - (performance.now() - startedAtMs)));
  await fleet.clearFaults();
  return taken;
}

/** Waits until nothing is open and the fleet is as it was; what does not come to rest is the checker's. */
async function quiet(
  victim: Victim,
  fleet: FleetView,
  balancer: Balance,
  tell: (line: string) => void,
): Promise<void> {
  const since = performance.now();
  const restarted = new Set<string>();
  let quietSince = Infinity;
  const open = async () => {
    const left = (await victim.stack.incidents()).filter(({ state }) => state !== 'resolved');
    quietSince = left.length > 0 ? Infinity : Math.min(quietSince, performance.now());
    if (performance.now() - since < PERSON_AFTER_MS) return left;
    // What a fault leaves behind (blocks that leaked are not given back) may be a person's to mend.
    for (const { id, state, replica } of left) {
      // Once, whatever the number of incidents that ask for it.
      if (state !== 'escalated' || replica === null || restarted.has(replica)) continue;
      restarted.add(replica);
      tell(`  ${id} is escalated: a person restarts ${replica}`);
      await fleet.restart(replica);
    }
    return left;
  };
  try {
    await eventually(open, () => performance.now() - quietSince >= QUIET_FOR_MS, {
      ...{ what: 'all incidents resolved', withinMs: SETTLE_MS, everyMs: 1_000 },
    });
    await eventually(
      () => fleet.state(),
      (state) => isDeepStrictEqual(state.balancer, balancer),
      { what: 'the balancer as it was', withinMs: HEAL_MS, everyMs: 1_000 },
    );
  } catch (error) {
    tell(`  ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
  }
}
