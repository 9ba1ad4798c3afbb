import { FAILED_TRIALS_METRIC } from '../domain/recovery/failed-trials.js';
import { milderAutonomy, togetherAllowed } from '../domain/recovery/policy.js';
import {
  chooseProcedure,
  type Procedure,
  type ProcedureStep,
} from '../domain/recovery/procedure.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { Violation } from '../domain/sla/violation.js';
import type {
  IncidentPolicy,
  PlannedStep,
  RecoveryPlan,
  VerificationPlan,
} from '../workflows/messages.js';
import { ACTIONS } from './actions/index.js';
import type { PlanDecision } from './contract.js';
import { unmetNeeds } from './prerequisites.js';
import { worldOf, type World } from './world.js';

/**
 * Decides what is to be done about a violation, from the configuration in force. Procedures whose
 * prerequisites are not met are passed over, and it is said why.
 */
export async function choosePlan(
  world: World,
  violation: Violation,
  tried: readonly string[],
): Promise<PlanDecision> {
  const service = world.services.get(violation.service);
  const refused: { readonly name: string; readonly why: string }[] = [];
  for (;;) {
    const left = world.procedures.filter((p) => !refused.some(({ name }) => name === p.name));
    const decision = decide({ ...world, procedures: left }, violation, tried);
    const said = refused.map(({ why }) => why).join('; ');
    if (decision.kind === 'none') {
      if (refused.length === 0) return decision;
      return { ...decision, why: said, isRefused: true };
    }
    const { plan } = decision;
    const procedure = left.find(({ name }) => name === plan.procedure);
    if (service === undefined || procedure === undefined) return decision;
    const { service: at, replica } = violation;
    const target = { service: at, replica };
    const unmet = await unmetNeeds(world, procedure, service, target, Date.now());
    if (unmet.length === 0) {
      const why = said === '' ? plan.why : `${plan.why}; ${said}`;
      return { ...decision, plan: { ...plan, why } };
    }
    const why = `${procedure.name} is refused, it needs ${unmet.join(', and ')}`;
    refused.push({ name: procedure.name, why });
  }
}

/** The plan for a violation by configuration alone: reads nothing, looks at no prerequisite. */
export function decide(given: World, violation: Violation, tried: readonly string[]): PlanDecision {
  const world = worldOf(given, violation.service);
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
  const plan: RecoveryPlan = {
    procedure: procedure.name,
    workflowType: procedure.workflowType,
    why: choice.why,
    steps: stepsOf(world, procedure, violation),
    timeoutMs: procedure.timeoutMs,
    approvalTimeoutMs: world.policy.approvalTimeoutMs,
    onApprovalTimeout: world.policy.onApprovalTimeout,
    asksBeforeRollback: world.policy.asksBeforeRollback,
    limits: policy.limits,
    verification: verificationOf(world, procedure, violation),
  };
  return { kind: 'plan', policy, plan };
}

/** The plan where more incidents are open than a storm begins with: nothing acts unasked. */
export function calmedBy(openIncidents: number, given: World, plan: RecoveryPlan): RecoveryPlan {
  const { service } = plan.verification.target;
  if (openIncidents <= worldOf(given, service).policy.stormAbove) return plan;
  return {
    ...plan,
    why: `${plan.why}; storm: ${openIncidents} incidents are open, actions are only suggested`,
    steps: plan.steps.map((step) => ({
      ...step,
      autonomy: milderAutonomy(step.autonomy, 'suggest'),
    })),
  };
}

function stepsOf(
  world: World,
  { steps, onFailure, retries }: Procedure,
  { service, replica, metric }: Violation,
): PlannedStep[] {
  const { autonomy, sliWindowMs } = world.policy;
  // A breaker's trial has no window that samples must leave first.
  const lag = metric === FAILED_TRIALS_METRIC ? 0 : sliWindowMs;
  const planned = (step: ProcedureStep, index: number, isOnFailure: boolean): PlannedStep[] => {
    const action = ACTIONS[step.action];
    if (action === undefined) return [];
    // A procedure may be more careful than the policy, never bolder.
    const allowed = milderAutonomy(step.autonomy ?? 'auto', autonomy[step.action]);
    return [
      {
        id: `${index + 1}-${step.action}`,
        action: step.action,
        target: { service, replica },
        autonomy: allowed,
        settleMs: (step.settleMs ?? action.settleMs) + lag,
        timeoutMs: step.timeoutMs ?? action.timeoutMs,
        retries: step.retries ?? retries,
        irreversible: action.irreversible,
        ...(action.lasting === undefined ? {} : { lasting: action.lasting }),
        parameters: step.parameters,
        gates: step.gates,
        isKept: step.isKept,
        isOnFailure,
      },
    ];
  };
  return [
    ...steps.flatMap((step, i) => planned(step, i, false)),
    ...onFailure.flatMap((step, i) => planned(step, steps.length + i, true)),
  ];
}

function verificationOf(
  world: World,
  { verification: own }: Procedure,
  violation: Violation,
): VerificationPlan {
  const { policy } = world;
  return {
    metric: violation.metric,
    target: { service: violation.service, replica: violation.replica },
    timeoutMs: own.timeoutMs ?? verifyTimeoutMs(policy.verifyTimeoutMs, violation),
    rule: {
      limit: currentLimit(world, violation),
      direction: violation.direction,
      before: violation.value,
      minSamples: own.minSamples ?? policy.minSamples,
      compliantPercent: own.compliantPercent ?? policy.compliantPercent,
      holdMs: own.holdMs ?? policy.holdMs,
      worsePercent: own.worsePercent ?? policy.worsePercent,
    },
  };
}

/** A verdict by trial takes until the next one, and what that takes where only probes come. */
function verifyTimeoutMs(configuredMs: number, { metric, windowMs }: Violation): number {
  return metric === FAILED_TRIALS_METRIC ? configuredMs + 2 * windowMs : configuredMs;
}

/** The limit in force: thresholds change while incidents are open. */
function currentLimit(world: World, violation: Violation): number {
  const threshold = world.thresholds().find((t) => t.name === violation.threshold);
  return threshold === undefined ? violation.limit : limitOf(threshold);
}
