import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../commands/api.js';
import type { FleetCall } from '../commands/fleet-api.js';
import {
  readBalance,
  restoringCommands,
  runCommands,
  type Balance,
  type GatewayPorts,
} from './balance.js';
import {
  beginFault,
  endFault,
  fleetFaults,
  restartByHand,
  type FleetFault,
} from './fleet-faults.js';
import { scoreDrill, type DrillResult, type SeenIncident } from './score.js';
import { IncidentWatch, unrest } from './watch.js';

/** What a drill needs, and how long it may take. */
export interface DrillSettings {
  readonly api: Api;
  readonly fleet: FleetCall;
  readonly gateway: GatewayPorts;
  /** How long the fault is left to paramedic at most. */
  readonly withinMs: number;
  /** How long everything must have been calm before the fault: a baseline. */
  readonly calmMs: number;
  /** How long calm is waited for, before the fault and after it. */
  readonly quietWithinMs: number;
  /** By then what is over by itself once the fault is gone has ended. */
  readonly mendAfterMs: number;
  /** Approves what waits for approval, as a person on call would. */
  readonly approves: boolean;
  readonly lookEveryMs: number;
  /** After everything settled one more incident may follow, e.g. of a slower window: watched so long. */
  readonly lingerMs: number;
  /** Stops the drill; the fault is taken back all the same. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** The fault's own end, should this process be killed: long after we would have ended it. */
const LEFTOVER_MS = 60_000;

/**
 * Injects a fault into a calm fleet, watches what paramedic does until it has done it, takes the fault
 * back however that ends, waits until all is calm again, and takes back mitigations that were kept.
 *
 * @throws Error when the fleet is not calm in time, before or after, or the drill is stopped.
 */
export async function runDrill(
  { name, rightCauses }: FleetFault,
  replica: string | undefined,
  settings: DrillSettings,
): Promise<DrillResult> {
  const { api, fleet, withinMs, say } = settings;
  const where = replica === undefined ? '' : ` on ${replica}`;
  await untilCalm(settings, settings.calmMs);
  const balance = await readBalance(settings.gateway);
  say(`${name}${where}: injected`);
  const injectedAtMs = Date.now();
  const watch = new IncidentWatch(api, injectedAtMs);
  try {
    await beginFault(fleet, name, replica, withinMs + LEFTOVER_MS);
    await untilDone(watch, injectedAtMs, settings);
  } finally {
    await endFault(fleet, name, replica);
  }
  const clearedAtMs = Date.now();
  say(`${name}${where}: taken back after ${Math.round((clearedAtMs - injectedAtMs) / 1000)} s`);
  // What it leaves behind is opened late, and reported later still.
  await untilCalm(settings, 0, { watch, mend: mending(replica, settings) });
  await restore(balance, settings);
  const result = scoreDrill(
    { fault: name, replica, rightCauses, injectedAtMs, clearedAtMs },
    watch.seen,
  );
  await file(result, settings);
  return result;
}

/**
 * A fault may leave behind what its end does not take back, as blocks that leaked: once paramedic has
 * given that to a person, the replica is restarted, for which a person is us.
 */
function mending(replica: string | undefined, { fleet, mendAfterMs, say }: DrillSettings) {
  const sinceMs = Date.now();
  let isMended = false;
  return async (seen: readonly SeenIncident[]): Promise<void> => {
    const isHandedOver = seen.some(({ detail }) => detail.state === 'escalated');
    if (isMended || replica === undefined || !isHandedOver) return;
    if (Date.now() - sinceMs < mendAfterMs) return;
    isMended = true;
    say(`  escalated to a person: ${replica} is restarted`);
    await restartByHand(fleet, replica);
  };
}

/** Kept by the server, for trends. */
async function file(result: DrillResult, { api }: DrillSettings): Promise<void> {
  const { fault, replica, injectedAt: at, isRight } = result;
  const id = `${at} ${fault}${replica === null ? '' : ` ${replica}`}`;
  await api.post('/v1/drills', { id, at, fault, isRight, result, by: 'paramedic drill' });
}

/** What paramedic keeps, a person takes back once the cause is gone: here that is us. */
async function restore(before: Balance, { gateway, say }: DrillSettings): Promise<void> {
  const commands = restoringCommands(before, await readBalance(gateway));
  for (const command of commands) say(`  taken back: ${command}`);
  await runCommands(gateway, commands);
}

/** Watches until every incident has done what it can, or the time is over. */
async function untilDone(
  watch: IncidentWatch,
  injectedAtMs: number,
  settings: DrillSettings,
): Promise<void> {
  const { api, withinMs, approves, lookEveryMs, lingerMs, signal, say } = settings;
  let doneSinceMs: number | undefined;
  while (Date.now() - injectedAtMs < withinMs) {
    await sleep(lookEveryMs, undefined, { signal });
    await watch.look();
    for (const { detail } of watch.seen) {
      if (!approves || detail.waiting === null) continue;
      say(`  approved: ${detail.waiting.line}`);
      const operation = detail.waiting.kind === 'rollback' ? 'approve-rollback' : 'approve';
      const body = { by: 'paramedic drill', reason: 'a drill' };
      // It may have been answered, or have ended, a moment ago.
      await api
        .post(`/v1/incidents/${encodeURIComponent(detail.id)}/${operation}`, body)
        .catch((error: unknown) => say(`  not approved: ${String(error)}`));
    }
    const isDone = watch.seen.length > 0 && watch.seen.every(hasDoneAll);
    doneSinceMs = isDone ? (doneSinceMs ?? Date.now()) : undefined;
    if (doneSinceMs !== undefined && Date.now() - doneSinceMs >= lingerMs) return;
  }
}

/** Nothing more will be tried unless something changes, and the cause has been told. */
function hasDoneAll({ detail, named }: SeenIncident): boolean {
  const { state, outcome } = detail;
  const isOver =
    state === 'resolved' ||
    state === 'escalated' ||
    state === 'mitigated' ||
    state === 'releasing' ||
    state === 'verifying' ||
    (outcome !== null && outcome !== 'none' && state !== 'recovering');
  return isOver && named !== undefined;
}

async function untilCalm(
  settings: DrillSettings,
  calmMs: number,
  after?: {
    readonly watch: IncidentWatch;
    readonly mend: (seen: readonly SeenIncident[]) => Promise<void>;
  },
): Promise<void> {
  const { api, fleet, quietWithinMs, lookEveryMs, signal, say } = settings;
  const untilMs = Date.now() + quietWithinMs;
  let calmSinceMs: number | undefined;
  let told: string | undefined;
  for (;;) {
    await after?.watch.look();
    await after?.mend(after.watch.seen);
    const { active } = await fleetFaults(fleet);
    const why =
      active[0] === undefined ? await unrest(api) : `the fault ${active[0].fault} is active`;
    calmSinceMs = why === undefined ? (calmSinceMs ?? Date.now()) : undefined;
    if (calmSinceMs !== undefined && Date.now() - calmSinceMs >= calmMs) return;
    if (why !== undefined && why !== told) say(`  waiting for calm: ${why}`);
    told = why ?? told;
    if (Date.now() > untilMs) {
      throw new Error(
        `not calm within ${quietWithinMs / 1000} s: ${why ?? 'calm for too short a time'}; see: bin/paramedic status`,
      );
    }
    await sleep(lookEveryMs, undefined, { signal });
  }
}
