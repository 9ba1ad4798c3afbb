import type { ChangeEvent } from '../../domain/ports.js';
import type { KubernetesClient } from './kubernetes-client.js';
import { eventList, type PodObject, type ReplicaSetObject } from './kubernetes-objects.js';
import { releaseOf } from './kubernetes-release.js';
import {
  namespaced,
  readDeployment,
  readPods,
  readReplicaSets,
  revisionOf,
  type Workload,
} from './kubernetes-workload.js';

type Change = Omit<ChangeEvent, 'service'>;

const ofReplicaSet = (set: ReplicaSetObject): Change => ({
  atMs: Date.parse(set.metadata.creationTimestamp ?? ''),
  replica: undefined,
  kind: 'release',
  summary: `ReplicaSet ${set.metadata.name}: release ${releaseOf(set)}, revision ${revisionOf(set)}`,
});

const ofPod = ({ metadata, status }: PodObject): readonly Change[] =>
  status.containerStatuses.flatMap(({ name, lastState: { terminated } }) =>
    terminated === undefined
      ? []
      : {
          atMs: Date.parse(terminated.finishedAt),
          replica: metadata.name,
          kind: 'restart' as const,
          summary: `container ${name} ended: ${terminated.reason}`,
        },
  );

async function readScalings(
  client: KubernetesClient,
  workload: Workload,
): Promise<readonly Change[]> {
  const field = `involvedObject.kind=Deployment,involvedObject.name=${workload.deployment}`;
  const path = `${namespaced('/api/v1', workload)}/events?fieldSelector=${encodeURIComponent(field)}`;
  const { items } = await client.get(path, (value) => eventList.parse(value));
  return items
    .filter(({ reason }) => reason === 'ScalingReplicaSet')
    .map(({ lastTimestamp, eventTime, message }) => ({
      atMs: Date.parse(lastTimestamp ?? eventTime ?? ''),
      replica: undefined,
      kind: 'scale',
      summary: message,
    }));
}

/**
 * What changed in a workload at or after `sinceMs`, oldest first: new ReplicaSets, the
 * Deployment's scaling events (kept for an hour by default), and containers that ended.
 */
export async function readChanges(
  client: KubernetesClient,
  workload: Workload,
  service: string,
  sinceMs: number,
): Promise<readonly ChangeEvent[]> {
  const deployment = await readDeployment(client, workload);
  const [sets, pods, scalings] = await Promise.all([
    readReplicaSets(client, workload, deployment),
    readPods(client, workload, deployment),
    readScalings(client, workload),
  ]);
  return [...sets.map(ofReplicaSet), ...scalings, ...pods.flatMap(ofPod)]
    .filter(({ atMs }) => atMs >= sinceMs)
    .sort((one, other) => one.atMs - other.atMs)
    .map((change) => ({ ...change, service }));
}
