import { Context } from '@temporalio/activity';
import { isFinal } from '../domain/ports.js';
import type { Violation } from '../domain/sla/violation.js';
import type { LeaseAnswer } from '../workflows/lease-messages.js';
import type { PlannedStep, RecoveryPlan } from '../workflows/messages.js';
import type { Preparation, ReadyAhead } from '../workflows/preparation-messages.js';
import { ACTIONS } from './actions/index.js';

import { worldOf, type World } from './world.js';

/**
 * Looks at the fleet before a step, and says what it would do; changes nothing.
 *
 * @throws AdapterError where asking again may help.
 */
export async function lookAt(
  world: World,
  violation: Violation,
  { target, action: name, parameters = {} }: PlannedStep,
): Promise<Preparation> {
  const service = world.services.get(target.service);
  const action = ACTIONS[name];
  if (service === undefined || action === undefined) {
    const what = service === undefined ? `service "${target.service}"` : name;
    return { kind: 'refuse', why: `${what} is not configured here` };
  }
  try {
    const there = { world: worldOf(world, service.name), service, target, violation };
    return await action.prepare({ ...there, parameters, nowMs: Date.now() });
  } catch (error) {
    // What won't mend by asking again is an answer: the next step may still help.
    if (isFinal(error)) return { kind: 'refuse', why: error.message };
    throw error;
  }
}

/** Asks for the turn of a plan; asked twice, it is one request. Undefined: it is to be asked by signal. */
export async function askTurn(
  world: World,
  { service, replica, severity }: Violation,
  { procedure, limits }: RecoveryPlan,
  requestId: string,
): Promise<LeaseAnswer | undefined> {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution === undefined) return undefined;
  return world.coordination.askTurn({
    ...{ requestId, severity, limits, target: { service, replica } },
    purpose: { kind: 'recovery', procedure },
    holderId: workflowExecution.workflowId,
    holderRunId: workflowExecution.runId,
  });
}

/**
 * The plan's first steps as they look now, up to the first that is to act. Not where several may act on
 * a service at once, since then a step is looked at and applied without another in between; and not
 * beyond one that asks, or waits, before it acts.
 */
export async function lookAhead(
  world: World,
  violation: Violation,
  plan: RecoveryPlan,
): Promise<ReadyAhead | undefined> {
  if (plan.limits.maxTogether > 1) return undefined;
  const atMs = Date.now();
  const steps: ReadyAhead['steps'][number][] = [];
  for (const step of plan.steps) {
    const waits = step.autonomy !== 'auto' || (step.gates?.length ?? 0) > 0;
    if (waits || step.isOnFailure === true) break;
    try {
      const preparation = await lookAt(world, violation, step);
      steps.push({ id: step.id, preparation });
      if (preparation.kind === 'ready') break;
    } catch {
      // It is looked at again, with retries, when its turn comes.
      break;
    }
  }
  return { atMs, steps };
}
