import type { ReplicaProcess } from '../../domain/ports.js';
import type { PodObject, ReplicaSetObject } from './kubernetes-objects.js';
import { releaseOf } from './kubernetes-release.js';
import { revisionOf } from './kubernetes-workload.js';

/** Restarts of one pod's containers that a generation has room for before the next revision. */
const RESTARTS_PER_REVISION = 100_000;

function stateOf({ status }: PodObject): ReplicaProcess['state'] {
  if (status.phase === 'Failed') return 'crashed';
  if (status.phase === 'Succeeded') return 'stopped';
  const isCrashing = status.containerStatuses.some(
    ({ state }) => state.waiting?.reason === 'CrashLoopBackOff',
  );
  if (isCrashing) return 'crashed';
  const isReady = status.conditions.some(
    ({ type, status: is }) => type === 'Ready' && is === 'True',
  );
  return isReady ? 'running' : 'starting';
}

/**
 * A pod as a replica; undefined for one that only wears the labels and belongs to none of `sets`.
 *
 * The address is `host:port` of the first port of `container` (the first one unless told), with an
 * empty host while the pod has no address. The generation is the revision of the pod's ReplicaSet
 * and, below it, the restarts of its containers: it grows with roll-outs and with crashes.
 */
export function replicaOf(
  pod: PodObject,
  sets: readonly ReplicaSetObject[],
  container: string | undefined,
): ReplicaProcess | undefined {
  const owner = sets.find(({ metadata }) =>
    pod.metadata.ownerReferences.some(({ uid }) => uid === metadata.uid),
  );
  if (owner === undefined) return undefined;
  const { containers } = pod.spec;
  const serving = containers.find(({ name }) => name === container) ?? containers[0];
  const restarts = pod.status.containerStatuses.reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  );
  const ip = pod.status.podIP ?? '';
  return {
    name: pod.metadata.name,
    address: `${ip.includes(':') ? `[${ip}]` : ip}:${serving?.ports[0]?.containerPort ?? 0}`,
    state: stateOf(pod),
    release: releaseOf(owner),
    generation: revisionOf(owner) * RESTARTS_PER_REVISION + restarts,
  };
}
