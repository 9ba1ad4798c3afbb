import { badRequest, type OperationReply } from './operations.js';
import { faultCatalogue, findFault, type FaultDefinition } from './fault-catalogue.js';
import type { ReplicaSet } from './replica-set.js';

/** `GET /v1/faults`: what can be injected, and what is. */
export function listFaults(set: ReplicaSet): Readonly<Record<string, unknown>> {
  return {
    catalogue: faultCatalogue.map(
      ({
        name,
        scope,
        description,
        curedBy,
        notCuredBy,
        rightCauses,
        parameters,
        isPersistent,
      }) => ({
        name,
        scope,
        description,
        curedBy,
        notCuredBy,
        rightCauses,
        parameters,
        persistent: isPersistent,
      }),
    ),
    active: set.faults.active(),
  };
}

/** Replicas that an injection is for, `[undefined]` for the fleet; a message when it is wrong. */
function targetsOf(
  set: ReplicaSet,
  definition: FaultDefinition,
  replica: unknown,
): readonly (string | undefined)[] | string {
  const isAll = replica === undefined || replica === 'all';
  if (definition.scope === 'fleet') {
    return isAll ? [undefined] : `replica: ${definition.name} concerns the whole fleet`;
  }
  if (isAll) {
    return definition.scope === 'replica-or-all'
      ? set.list().map((member) => member.name)
      : `replica: ${definition.name} needs the name of a replica`;
  }
  return typeof replica === 'string' && set.find(replica) !== undefined
    ? [replica]
    : `replica: ${JSON.stringify(replica)} does not exist`;
}

/**
 * `POST /v1/faults`: `fault`, `replica` where its scope wants one, `forMs` to clear itself,
 * `persistent` to survive a restart of the replica, and the fault's own numbers.
 */
export function injectFault(
  set: ReplicaSet,
  body: Readonly<Record<string, unknown>>,
): OperationReply {
  const { fault, replica, forMs, persistent, ...rest } = body;
  const definition = typeof fault === 'string' ? findFault(fault) : undefined;
  if (definition === undefined) {
    const names = faultCatalogue.map(({ name }) => name).join(', ');
    return badRequest(`fault: ${JSON.stringify(fault)} is none of ${names}`);
  }
  const targets = targetsOf(set, definition, replica);
  if (typeof targets === 'string') return badRequest(targets);
  if (forMs !== undefined && !(typeof forMs === 'number' && forMs > 0)) {
    return badRequest('forMs: expected milliseconds above 0');
  }
  const parameters: Record<string, number> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (!(name in definition.parameters) || typeof value !== 'number') {
      return badRequest(`${name}: not a number that ${definition.name} takes`);
    }
    parameters[name] = value;
  }
  const isPersistent = typeof persistent === 'boolean' ? persistent : definition.isPersistent;
  const injected = targets.map((target) => {
    const active = set.faults.inject(definition, target, { parameters, isPersistent, forMs });
    set.note('fault', target ?? 'fleet', null, null, active);
    return active;
  });
  return { status: 200, body: { injected } };
}

/** `DELETE /v1/faults[/:fault][?replica=]`. */
export function clearFaults(
  set: ReplicaSet,
  fault: string | undefined,
  replica: string | undefined,
): OperationReply {
  if (fault !== undefined && findFault(fault) === undefined) {
    return { status: 404, body: { error: `fault "${fault}" does not exist` } };
  }
  const cleared = set.faults.clear(fault, replica);
  for (const active of cleared)
    set.note('fault-cleared', active.replica ?? 'fleet', null, active, null);
  return { status: 200, body: { cleared } };
}
