import { decide } from '../activities/plan.js';
import { unmetNeeds } from '../activities/prerequisites.js';
import { lookAt } from '../activities/take-off.js';
import type { World } from '../activities/world.js';
import type { Config } from '../config/schema.js';
import type { Archive } from '../domain/archive.js';
import type { PlannedStep } from '../workflows/messages.js';
import type { Preparation } from '../workflows/preparation-messages.js';
import { fingerprintOf, type Violation } from '../domain/sla/violation.js';
import { limitOf } from '../domain/sla/threshold.js';
import { createHistory } from './history.js';
import { createActuators, createWorld } from './world.js';

/** One step of a dry run: what it would do now, or why it would not. */
export interface DryStep {
  readonly step: PlannedStep;
  readonly preparation: Preparation;
}

/** A dry run: each step, and which prerequisites are not met now. */
export interface DryRun {
  readonly steps: readonly DryStep[];
  /** In words; empty when it would be tried. */
  readonly unmet: readonly string[];
}

/** What a procedure would do to a target now. Reads the fleet, changes nothing. */
export async function dryRun(
  config: Config,
  procedure: string,
  target: { readonly service: string; readonly replica: string | undefined },
): Promise<DryRun> {
  const actuators = createActuators(config);
  const history = createHistory(config);
  const never = () => Promise.reject(new Error('a dry run asks nobody'));
  const world: World = createWorld(config, {
    actuators,
    history,
    // A dry run files nothing.
    archive: {} as Archive,
    coordination: {
      deliver: never,
      ...{ ensureLease: never, isCurrent: never, hasEnded: never, ensureMonitor: never },
      ...{ askTurn: never, giveTurn: never, judgeAlert: never, forgetAlerts: never },
      restraint: () => Promise.resolve(undefined),
      openIncidents: () => Promise.resolve(0),
      ...{ debtors: never, inherit: never },
    },
    breakers: {
      settings: config.breakers.kinds,
      states: () => Promise.resolve([]),
      order: never,
    },
    thresholds: () => config.thresholds,
  });
  try {
    const violation = supposed(config, world, procedure, target);
    const [known] = world.procedures.filter((p) => p.name === procedure);
    const only = { ...world, procedures: world.procedures.filter((p) => p.name === procedure) };
    const decision = decide(only, violation, []);
    if (decision.kind !== 'plan') throw new Error(decision.why);
    const service = world.services.get(target.service);
    if (service === undefined) throw new Error(`service "${target.service}" is not configured`);
    const steps: DryStep[] = [];
    for (const step of decision.plan.steps) {
      const preparation = await prepared(world, violation, step);
      steps.push({ step, preparation });
    }
    const unmet =
      known === undefined ? [] : await unmetNeeds(world, known, service, target, Date.now());
    return { steps, unmet };
  } finally {
    for (const actuator of actuators.values()) await actuator.close();
    await history.close();
  }
}

/** As a recovery looks before a step; what can't be looked at now would not be done. */
async function prepared(
  world: World,
  violation: Violation,
  step: PlannedStep,
): Promise<Preparation> {
  try {
    return await lookAt(world, violation, step);
  } catch (error) {
    return { kind: 'refuse', why: error instanceof Error ? error.message : String(error) };
  }
}

/** The gravest violation that the procedure is for, of the first metric it fits. */
function supposed(
  config: Config,
  world: World,
  procedure: string,
  { service, replica }: { readonly service: string; readonly replica: string | undefined },
): Violation {
  const known = world.procedures.find((p) => p.name === procedure);
  if (known === undefined) {
    const names = world.procedures.map((p) => p.name).join(', ');
    throw new Error(`no procedure is named "${procedure}": expected one of ${names}`);
  }
  const threshold = config.thresholds.find(
    (t) =>
      known.violationTypes.includes(t.violationType) && (known.metrics?.includes(t.metric) ?? true),
  );
  if (threshold === undefined) {
    throw new Error(`no threshold is for ${known.violationTypes.join(', ')}: it would never run`);
  }
  const limit = limitOf(threshold);
  const nowMs = Date.now();
  return {
    ...{ service, replica, threshold: threshold.name, metric: threshold.metric, limit },
    fingerprint: fingerprintOf({ service, replica }, threshold.name),
    violationType: threshold.violationType,
    severity: 'critical',
    value: threshold.direction === 'upper' ? limit * 2 : limit / 2,
    ...{ unit: threshold.unit, direction: threshold.direction, windowMs: threshold.windowMs },
    ...{ startedAtMs: nowMs - threshold.windowMs, detectedAtMs: nowMs },
  };
}
