import type { KubernetesClient } from './kubernetes-client.js';
import {
  deploymentObject,
  podList,
  replicaSetList,
  type DeploymentObject,
  type PodObject,
  type ReplicaSetObject,
} from './kubernetes-objects.js';

/** The Deployment that runs a service. */
export interface Workload {
  readonly namespace: string;
  readonly deployment: string;
}

/** The Deployment's own number of its present template. */
const REVISION = 'deployment.kubernetes.io/revision';
/** Set by `kubectl rollout restart`, and by us for the same end. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
/** Names the operation that changed a template last, so that it is not repeated. */
export const OPERATION = 'paramedic.dev/operation';

/** `namespace/name` for messages. */
export const nameOf = ({ namespace, deployment }: Workload): string => `${namespace}/${deployment}`;

/** Path of a group's objects in the workload's namespace. */
export const namespaced = (group: string, { namespace }: Workload): string =>
  `${group}/namespaces/${encodeURIComponent(namespace)}`;

/** Path of the Deployment. */
export const deploymentPath = (workload: Workload): string =>
  `${namespaced('/apis/apps/v1', workload)}/deployments/${encodeURIComponent(workload.deployment)}`;

/** Path of a pod, or of all of them. */
export const podPath = (workload: Workload, pod = ''): string =>
  `${namespaced('/api/v1', workload)}/pods${pod === '' ? '' : `/${encodeURIComponent(pod)}`}`;

/** Number of the present template; 0 before the controller saw the first one. */
export const revisionOf = (object: { metadata: { annotations: Record<string, string> } }): number =>
  Number(object.metadata.annotations[REVISION] ?? 0);

/** Reads the Deployment. @throws AdapterError `not-found` when there is none. */
export function readDeployment(
  client: KubernetesClient,
  workload: Workload,
): Promise<DeploymentObject> {
  return client.get(deploymentPath(workload), (value) => deploymentObject.parse(value));
}

const selectorQuery = (deployment: DeploymentObject): string => {
  const labels = Object.entries(deployment.spec.selector.matchLabels);
  return `labelSelector=${encodeURIComponent(labels.map(([key, value]) => `${key}=${value}`).join(','))}`;
};

/** ReplicaSets that the Deployment owns, oldest revision first. */
export async function readReplicaSets(
  client: KubernetesClient,
  workload: Workload,
  deployment: DeploymentObject,
): Promise<readonly ReplicaSetObject[]> {
  const path = `${namespaced('/apis/apps/v1', workload)}/replicasets?${selectorQuery(deployment)}`;
  const { items } = await client.get(path, (value) => replicaSetList.parse(value));
  return items
    .filter(({ metadata }) =>
      metadata.ownerReferences.some(({ uid }) => uid === deployment.metadata.uid),
    )
    .sort((one, other) => revisionOf(one) - revisionOf(other));
}

/** Pods of the Deployment's ReplicaSets. Those that are being deleted are left out. */
export async function readPods(
  client: KubernetesClient,
  workload: Workload,
  deployment: DeploymentObject,
): Promise<readonly PodObject[]> {
  const path = `${podPath(workload)}?${selectorQuery(deployment)}`;
  const { items } = await client.get(path, (value) => podList.parse(value));
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}
