import { AdapterError } from '../../domain/ports.js';
import type { KubernetesClient } from './kubernetes-client.js';
import { scalerList } from './kubernetes-objects.js';
import { nameOf, namespaced, type Workload } from './kubernetes-workload.js';

/**
 * Refuses when an autoscaler owns the number of replicas: it would undo ours within seconds.
 *
 * @throws AdapterError `rejected` with the autoscaler's name and the way out; `unauthorized` when
 * HorizontalPodAutoscalers can't be listed, since then nobody knows.
 */
export async function refuseIfAutoscaled(
  client: KubernetesClient,
  workload: Workload,
): Promise<void> {
  const list = (group: string, kind: string) =>
    client.get(`${namespaced(group, workload)}/${kind}`, (value) => scalerList.parse(value));
  const isOurs = ({
    spec,
  }: {
    spec: { scaleTargetRef: { kind: string; name: string } };
  }): boolean =>
    spec.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.name === workload.deployment;
  const refuse = (kind: string, name: string, from: number, to: number, field: string): never => {
    throw new AdapterError(
      'rejected',
      `deployment "${nameOf(workload)}" is scaled by ${kind} "${name}" (${from} to ${to}); ` +
        `raise its ${field} instead`,
    );
  };
  // KEDA first: its own HorizontalPodAutoscaler must not be edited, the ScaledObject must.
  try {
    const { items } = await list('/apis/keda.sh/v1alpha1', 'scaledobjects');
    const found = items.find(isOurs);
    if (found !== undefined) {
      // KEDA's defaults are 0 and 100.
      const { minReplicaCount: from = 0, maxReplicaCount: to = 100 } = found.spec;
      refuse('ScaledObject', found.metadata.name, from, to, 'minReplicaCount');
    }
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    // Not installed, or not ours to see: the HorizontalPodAutoscaler that KEDA makes is seen below.
    if (error.reason !== 'not-found' && error.reason !== 'unauthorized') throw error;
  }
  const { items } = await list('/apis/autoscaling/v2', 'horizontalpodautoscalers');
  const found = items.find(isOurs);
  if (found === undefined) return;
  const { minReplicas: from = 1, maxReplicas: to = from } = found.spec;
  refuse('HorizontalPodAutoscaler', found.metadata.name, from, to, 'minReplicas');
}
