import { setTimeout as sleep } from 'node:timers/promises';
import { AdapterError } from '../../domain/ports.js';
import type { KubernetesClient } from './kubernetes-client.js';
import type { DeploymentObject, PodObject } from './kubernetes-objects.js';
import { nameOf, readDeployment, readPods, type Workload } from './kubernetes-workload.js';

/** How often a roll-out is looked at; pods take seconds to minutes. */
const POLL_MS = 1_000;

/** Why pods don't start, as the kubelet says: `ImagePullBackOff`, `CrashLoopBackOff`. */
function waitingReasons(pods: readonly PodObject[]): string {
  const reasons = pods.flatMap(({ status }) =>
    status.containerStatuses.flatMap(({ state }) => state.waiting?.reason ?? []),
  );
  const named = [...new Set(reasons)].filter((reason) => reason !== '');
  return named.length === 0 ? '' : `; pods wait: ${named.join(', ')}`;
}

/** What a roll-out still lacks, or undefined when it is complete (the rules of `kubectl rollout status`). */
function missingOf({ metadata, spec, status }: DeploymentObject): string | undefined {
  if (status.observedGeneration < metadata.generation) return 'the controller has not seen it yet';
  const { replicas, updatedReplicas, availableReplicas } = status;
  if (updatedReplicas < spec.replicas) return `${updatedReplicas} of ${spec.replicas} updated`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old ones still there`;
  if (availableReplicas < updatedReplicas) {
    return `${availableReplicas} of ${updatedReplicas} available`;
  }
  return undefined;
}

/**
 * Waits until every replica runs the present template and is available.
 *
 * @throws AdapterError `rejected` when the Deployment gave up (`ProgressDeadlineExceeded`: a bad
 * image, no room), with the kubelet's reasons; `timeout` after `timeoutMs`.
 */
export async function awaitRollout(
  client: KubernetesClient,
  workload: Workload,
  timeoutMs: number,
): Promise<void> {
  const giveUpAtMs = Date.now() + timeoutMs;
  for (;;) {
    const deployment = await readDeployment(client, workload);
    const missing = missingOf(deployment);
    if (missing === undefined) return;
    const { metadata, status } = deployment;
    const failed = status.conditions.find(
      ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
    );
    const explain = async (): Promise<string> =>
      waitingReasons(await readPods(client, workload, deployment));
    // An older roll-out's failure stands in the status until the controller saw the new one.
    if (failed !== undefined && status.observedGeneration >= metadata.generation) {
      throw new AdapterError(
        'rejected',
        `deployment "${nameOf(workload)}": ProgressDeadlineExceeded: ${failed.message}` +
          (await explain()),
      );
    }
    if (Date.now() + POLL_MS > giveUpAtMs) {
      throw new AdapterError(
        'timeout',
        `deployment "${nameOf(workload)}" had not rolled out after ${timeoutMs} ms: ${missing}` +
          (await explain()),
      );
    }
    await sleep(POLL_MS);
  }
}
