import type { Autonomy } from '../domain/recovery/action.js';
import { chooseProcedure } from '../domain/recovery/procedure.js';
import { togetherAllowed } from '../domain/recovery/policy.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { Violation } from '../domain/sla/violation.js';
import type { IncidentPolicy, PlannedStep, RecoveryPlan } from '../workflows/messages.js';
import { ACTIONS } from './actions/index.js';
import type { IncidentDecision } from './contract.js';
import type { World } from './world.js';

/** Decides what is to be done about a violation, from the configuration in force. Reads nothing. */
export function decide(
  world: World,
  violation: Violation,
  tried: readonly string[],
  openIncidents: number,
): IncidentDecision {
  const service = world.services.get(violation.service);
  const policy: IncidentPolicy = {
    releaseAfterMs: world.policy.releaseAfterWindows * violation.windowMs,
    limits: {
      maxConcurrent: world.policy.maxConcurrent,
      maxTogether: togetherAllowed(service?.replicas.length ?? 1, world.policy),
      maxPerHour: world.policy.maxPerHour,
      cooldownMs: world.policy.cooldownMs,
    },
  };
  if (service === undefined) {
    return { kind: 'none', policy, why: `service "${violation.service}" is not configured` };
  }
  const choice = chooseProcedure(violation, world.procedures, tried);
  if (choice.kind === 'none') return { kind: 'none', policy, why: choice.why };
  const { procedure } = choice;
  const isStorm = openIncidents > world.policy.stormAbove;
  const storm = `; storm: ${openIncidents} incidents are open, actions are only suggested`;
  const why = isStorm ? choice.why + storm : choice.why;
  const names = [...procedure.actions, ...procedure.onFailure];
  const steps = names.flatMap((name, index): PlannedStep[] => {
    const action = ACTIONS[name];
    if (action === undefined) return [];
    return [
      {
        id: `${index + 1}-${name}`,
        action: name,
        target: { service: violation.service, replica: violation.replica },
        autonomy: isStorm ? milder(world.policy.autonomy[name]) : world.policy.autonomy[name],
        settleMs: action.settleMs + world.policy.sliWindowMs,
        timeoutMs: action.timeoutMs,
        retries: procedure.retries,
        irreversible: action.irreversible,
      },
    ];
  });
  const plan: RecoveryPlan = {
    procedure: procedure.name,
    workflowType: procedure.workflowType,
    why,
    steps,
    timeoutMs: procedure.timeoutMs,
    approvalTimeoutMs: world.policy.approvalTimeoutMs,
    onApprovalTimeout: world.policy.onApprovalTimeout,
    asksBeforeRollback: world.policy.asksBeforeRollback,
    limits: policy.limits,
    verification: {
      metric: violation.metric,
      target: { service: violation.service, replica: violation.replica },
      timeoutMs: world.policy.verifyTimeoutMs,
      rule: {
        limit: currentLimit(world, violation),
        direction: violation.direction,
        before: violation.value,
        minSamples: world.policy.minSamples,
        compliantPercent: world.policy.compliantPercent,
        holdMs: world.policy.holdMs,
        worsePercent: world.policy.worsePercent,
      },
    },
  };
  return { kind: 'plan', policy, plan };
}

/** In a storm nothing acts unasked. */
function milder(autonomy: Autonomy): Autonomy {
  return autonomy === 'observe' ? 'observe' : 'suggest';
}

/** The limit in force: thresholds change while incidents are open. */
function currentLimit(world: World, violation: Violation): number {
  const threshold = world.thresholds().find((t) => t.name === violation.threshold);
  return threshold === undefined ? violation.limit : limitOf(threshold);
}
