import {
  badRequest,
  conflict,
  done,
  logged,
  readReplicaOperation,
  type OperationReply,
} from './operations.js';
import type { ReplicaSet } from './replica-set.js';

/** What can be done to one replica. */
export type ReplicaVerb = 'restart' | 'stop' | 'start';

/**
 * Restarts, stops or starts a replica if its generation is still `ifGeneration`.
 *
 * The answer comes when the effect is complete: the new process serves, or the old one is gone.
 * 409 with the present state when the generation is another; 200 with `already: true` when an
 * operation of this id did it before, so that a caller whose answer got lost may ask again.
 * A replica that is already stopped (started) when asked to stop (start) is left as it is.
 */
export async function operateReplica(
  set: ReplicaSet,
  name: string,
  verb: ReplicaVerb,
  body: Readonly<Record<string, unknown>>,
): Promise<OperationReply> {
  const replica = set.find(name);
  if (replica === undefined) {
    return { status: 404, body: { error: `replica "${name}" does not exist` } };
  }
  const operation = readReplicaOperation(body);
  if (typeof operation === 'string') return badRequest(operation);
  const { operationId, ifGeneration, graceMs } = operation;
  return replica.serial.run(async () => {
    if (set.log.hasDone(operationId)) return done(operationId, true, { replica: replica.view() });
    const view = replica.view();
    if (view.generation !== ifGeneration) {
      const message = `replica "${name}" has generation ${view.generation}, not ${ifGeneration}`;
      return conflict(message, { replica: view });
    }
    const before = logged(view);
    try {
      if (verb !== 'start') await replica.stop(graceMs);
      if (verb !== 'stop') await replica.start();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      set.note(verb, name, null, before, { ...logged(replica.view()), error: message });
      return { status: 500, body: { error: message, replica: replica.view() } };
    }
    set.note(verb, name, operationId, before, logged(replica.view()));
    return done(operationId, false, { replica: replica.view() });
  });
}
