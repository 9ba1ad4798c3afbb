import {
  badRequest,
  conflict,
  done,
  readText,
  readWhole,
  type OperationReply,
} from './operations.js';
import { maxReplicas } from './options.js';
import { releases, type ReplicaSet } from './replica-set.js';
import { runtimeCommand } from './runtime-client.js';

type Body = Readonly<Record<string, unknown>>;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

async function register(
  set: ReplicaSet,
  names: readonly string[],
  runtimePort: number,
): Promise<void> {
  for (const name of names) {
    const port = set.find(name)?.boundPort() ?? 0;
    await runtimeCommand(
      runtimePort,
      `add server engines/${name} 127.0.0.1:${port} check weight 100 maxconn 12; ` +
        `enable server engines/${name}; enable health engines/${name}`,
    );
  }
}

async function unregister(names: readonly string[], runtimePort: number): Promise<void> {
  for (const name of names) {
    await runtimeCommand(
      runtimePort,
      `set server engines/${name} state maint; shutdown sessions server engines/${name}`,
    );
    await runtimeCommand(runtimePort, `del server engines/${name}`);
  }
}

/**
 * `POST /v1/scale`: brings the fleet to `replicas` engines, an absolute number. With
 * `ifReplicas` only when that many are wanted now. Answers when new engines serve and old ones
 * are gone. With `register: true` engines are added to and removed from the gateway as well;
 * without it that is left to the caller.
 */
export async function scale(
  set: ReplicaSet,
  body: Body,
  runtimePort: number,
): Promise<OperationReply> {
  const operationId = readText(body, 'operationId');
  if (typeof operationId === 'string') return badRequest(operationId);
  const id = operationId.text;
  const replicas = readWhole(body, 'replicas', 1);
  if (typeof replicas === 'string') return badRequest(replicas);
  if (replicas > maxReplicas) return badRequest(`replicas: ${replicas} is above ${maxReplicas}`);
  const expected = body['ifReplicas'];
  const doesRegister = body['register'] === true;
  const state = (): Body => ({
    replicas: set.wantedReplicas(),
    members: set.list().map((replica) => replica.view()),
  });
  return set.serial.run(async () => {
    if (set.log.hasDone(id)) return done(id, true, state());
    if (expected !== undefined && expected !== set.wantedReplicas()) {
      return conflict(`the fleet has ${set.wantedReplicas()} replicas`, state());
    }
    const namesBefore = set.list().map((replica) => replica.name);
    const leaving = namesBefore.filter((name) => Number(name.slice(7)) > replicas);
    try {
      if (doesRegister) await unregister(leaving, runtimePort);
      await set.scaleTo(replicas, id);
      const added = set.list().filter((replica) => !namesBefore.includes(replica.name));
      if (doesRegister)
        await register(
          set,
          added.map((replica) => replica.name),
          runtimePort,
        );
    } catch (error) {
      return { status: 500, body: { error: messageOf(error), ...state() } };
    }
    return done(id, false, state());
  });
}

/**
 * `POST /v1/releases/:id/activate`: a rolling restart of all engines on that release. With
 * `ifRelease` only when that one is active now. Answers when the last engine serves. Activating
 * the active release does nothing.
 */
export async function activateRelease(
  set: ReplicaSet,
  release: string,
  body: Body,
): Promise<OperationReply> {
  if (!releases.some((candidate) => candidate.id === release)) {
    return { status: 404, body: { error: `release "${release}" does not exist` } };
  }
  const operationId = readText(body, 'operationId');
  if (typeof operationId === 'string') return badRequest(operationId);
  const id = operationId.text;
  const state = (): Body => ({
    release: set.activeRelease(),
    members: set.list().map((replica) => replica.view()),
  });
  if (set.log.hasDone(id)) {
    // Waits for the roll-out that the first request of this operation may still be doing.
    await set.serial.run(() => Promise.resolve());
    return done(id, true, state());
  }
  const expected = body['ifRelease'];
  if (expected !== undefined && expected !== set.activeRelease()) {
    return conflict(`release "${set.activeRelease()}" is active`, state());
  }
  await set.activate(release, id);
  return done(id, false, state());
}
