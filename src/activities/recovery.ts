import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { AdapterError } from '../domain/ports.js';
import type { PlannedStep } from '../workflows/messages.js';
import { ACTIONS } from './actions/index.js';
import type { ActContext, Action } from './actions/action.js';
import type { RecoveryActivities } from './contract.js';
import { asFailure } from './failure.js';
import { alive, fence, watching } from './fence.js';
import { awaitCondition } from './conditions.js';
import { calmedBy, choosePlan } from './plan.js';
import { askTurn, lookAhead, lookAt } from './take-off.js';
import { verify } from './verify.js';
import type { ServiceWorld, World } from './world.js';

/** What the recovery queue's workers do for workflows: each a thin layer over a port. */
export function createRecoveryActivities(world: World): RecoveryActivities {
  const serviceOf = (name: string): ServiceWorld => {
    const service = world.services.get(name);
    if (service !== undefined) return service;
    throw new AdapterError('rejected', `service "${name}" is not configured`);
  };
  const actionOf = (step: PlannedStep): Action => {
    const action = ACTIONS[step.action];
    if (action !== undefined) return action;
    throw new AdapterError('rejected', `action "${step.action}" can’t be carried out here`);
  };
  const isNotStopped = async () => {
    const stopped = await world.coordination.restraint();
    if (stopped !== undefined) throw ApplicationFailure.nonRetryable(stopped.why, 'stopped');
  };
  const acting = (
    step: PlannedStep,
    operationId: string,
    alsoAsk: () => Promise<void> = () => Promise.resolve(),
  ): ActContext => ({
    world,
    service: serviceOf(step.target.service),
    step,
    workflowId: Context.current().info.workflowExecution?.workflowId ?? '',
    operationId,
    signal: Context.current().cancellationSignal,
    fence: async () => {
      await Promise.all([fence(world), alsoAsk()]);
    },
  });

  return {
    planIncident: ({ violation, tried, requestId }) =>
      asFailure(async () => {
        const { coordination } = world;
        const restrained = coordination.restraint();
        const counted = coordination.openIncidents();
        // Their failures are for the await below, if that is reached.
        for (const asked of [restrained, counted]) asked.catch(() => undefined);
        const decision = await choosePlan(world, violation, tried);
        if (decision.kind !== 'plan') return decision;
        // Beside both, as it takes longest.
        const asking = askTurn(world, violation, decision.plan, requestId);
        asking.catch(() => undefined);
        const [restraint, open] = await Promise.all([restrained, counted]);
        const plan = calmedBy(open, world, decision.plan);
        const turn = await asking;
        if (restraint?.kind !== 'maintenance') {
          const isOff = turn?.granted === true && restraint === undefined;
          const ready = isOff ? await lookAhead(world, violation, plan) : undefined;
          return { ...decision, plan, turn, ready };
        }
        const { policy } = decision;
        const steps = plan.steps.map(({ action }) => action).join(' → ');
        const why = `${restraint.why}: ${plan.procedure} (${steps}) is only suggested`;
        return { kind: 'hold', policy, why, untilMs: restraint.untilMs, turn };
      }),

    askTurn: (request) => asFailure(() => world.coordination.askTurn(request)),
    giveTurn: (turn) => asFailure(() => world.coordination.giveTurn(turn)),
    ensureLease: () => asFailure(() => world.coordination.ensureLease()),

    prepareStep: ({ violation, step }) =>
      asFailure(async () => {
        // Both only read: side by side the way to the action is shorter by one answer of the server.
        const preparing = lookAt(world, violation, step);
        // Its failure is for the await below, if that is reached.
        preparing.catch(() => undefined);
        const stopped = await world.coordination.restraint();
        if (stopped !== undefined) return { kind: 'refuse', why: stopped.why };
        return await preparing;
      }),

    applyStep: ({ step, prepared, operationId, news }) =>
      alive(() => {
        // Beside the look at whether it may act, and once for its several effects.
        let told: Promise<unknown> | undefined;
        const mayAct = async () => {
          told ??= news === undefined ? Promise.resolve() : world.coordination.deliver(news);
          await Promise.all([isNotStopped(), told]);
        };
        return actionOf(step).apply(acting(step, operationId, mayAct), prepared);
      }),

    // An undo makes the fleet what it was: the kill switch does not keep it from that.
    undoStep: ({ owed, operationId }) =>
      alive(() => actionOf(owed.step).undo(acting(owed.step, operationId), owed)),

    verifyStep: (ask) => watching(() => verify(world, ask, Context.current().cancellationSignal)),

    awaitCondition: (ask) =>
      watching(async () => ({
        unmet: await awaitCondition(world, ask, Context.current().cancellationSignal),
      })),

    record: ({ incident, timeline, audit }) =>
      asFailure(async () => {
        for (const line of audit) await world.archive.putAudit(line);
        if (timeline.length > 0) await world.archive.putTimeline(timeline);
        await world.archive.putIncident(incident);
      }),

    async findEndedHolders(requests) {
      const ended = await Promise.all(
        requests.map(({ holderId, holderRunId }) =>
          world.coordination.hasEnded(holderId, holderRunId),
        ),
      );
      return requests.filter((_, i) => ended[i] === true).map(({ requestId }) => requestId);
    },
  };
}
