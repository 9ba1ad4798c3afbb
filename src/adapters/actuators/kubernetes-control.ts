import {
  AdapterError,
  type ChangeEvent,
  type Deployment,
  type ReplicaControl,
  type ReplicaProcess,
  type ScaleAsk,
} from '../../domain/ports.js';
import type { KubernetesClient } from './kubernetes-client.js';
import { readChanges } from './kubernetes-changes.js';
import { refuseIfAutoscaled } from './kubernetes-autoscaler.js';
import { scaleObject } from './kubernetes-objects.js';
import { replicaOf } from './kubernetes-pod.js';
import { releaseOf, templateOf } from './kubernetes-release.js';
import { awaitRollout } from './kubernetes-rollout.js';
import {
  deploymentPath,
  nameOf,
  OPERATION,
  podPath,
  readDeployment,
  readPods,
  readReplicaSets,
  RESTARTED_AT,
  revisionOf,
  type Workload,
} from './kubernetes-workload.js';

/** What the control needs to know beside the API server. */
export interface ControlOptions {
  readonly services: Readonly<Record<string, Workload>>;
  /** `rollout` replaces all pods one after another, `pod` only the one named. */
  readonly restart: 'rollout' | 'pod';
  /** The longest that a roll-out is waited for; undefined: not at all. */
  readonly rolloutTimeoutMs: number | undefined;
  /** Name of the container that serves; the first one unless told. */
  readonly container: string | undefined;
}

/** Replicas and releases of services that run as Deployments. */
export class KubernetesControl implements ReplicaControl, Deployment {
  constructor(
    readonly client: KubernetesClient,
    readonly options: ControlOptions,
  ) {}

  /**
   * Pods that aren't being deleted. The generation is the revision of the pod's ReplicaSet and,
   * below it, the restarts of its containers: it grows with roll-outs and with crashes.
   */
  async replicas(service: string): Promise<readonly ReplicaProcess[]> {
    const workload = this.#workload(service);
    const deployment = await readDeployment(this.client, workload);
    const [sets, pods] = await Promise.all([
      readReplicaSets(this.client, workload, deployment),
      readPods(this.client, workload, deployment),
    ]);
    return pods.flatMap((pod) => replicaOf(pod, sets, this.options.container) ?? []);
  }

  async restart(
    service: string,
    replica: string,
    ask: { operationId: string; ifGeneration: number },
  ): Promise<void> {
    const workload = this.#workload(service);
    const { operationId, ifGeneration } = ask;
    const before = await readDeployment(this.client, workload);
    // This operation's roll-out is under way or done: wait for it, don't begin another.
    const wasBegun = before.spec.template.metadata.annotations[OPERATION] === operationId;
    if (!wasBegun) {
      const present = (await this.replicas(service)).find(({ name }) => name === replica);
      if (present === undefined && this.options.restart === 'pod') return; // Names are never reused.
      if (present?.generation !== ifGeneration) {
        throw new AdapterError(
          'rejected',
          present === undefined
            ? `pod "${replica}" of "${nameOf(workload)}" is not there (any more)`
            : `pod "${replica}" has generation ${present.generation}, not ${ifGeneration}`,
        );
      }
      if (this.options.restart === 'pod') await this.#deletePod(workload, replica);
      else await this.#rollOut(workload, before.metadata.resourceVersion, operationId);
    }
    await this.#settle(workload);
  }

  async scale(service: string, ask: ScaleAsk): Promise<void> {
    const workload = this.#workload(service);
    const path = `${deploymentPath(workload)}/scale`;
    const { metadata, spec } = await this.client.get(path, (value) => scaleObject.parse(value));
    if (spec.replicas !== ask.replicas) {
      await refuseIfAutoscaled(this.client, workload);
      if (ask.ifReplicas !== undefined && spec.replicas !== ask.ifReplicas) {
        throw new AdapterError(
          'rejected',
          `deployment "${nameOf(workload)}" has ${spec.replicas} replicas, not ${ask.ifReplicas}`,
        );
      }
      const { resourceVersion } = metadata;
      const patch = { metadata: { resourceVersion }, spec: { replicas: ask.replicas } };
      await this.client.patch(path, 'merge', patch);
    }
    await this.#settle(workload);
  }

  async logs(service: string, replica: string, tail: number): Promise<string> {
    const workload = this.#workload(service);
    const { container } = this.options;
    const named = container === undefined ? '' : `&container=${encodeURIComponent(container)}`;
    return this.client.getText(`${podPath(workload, replica)}/log?tailLines=${tail}${named}`);
  }

  /** Distinct templates among the ReplicaSets that the Deployment kept, oldest first. */
  async releases(service: string): ReturnType<Deployment['releases']> {
    const workload = this.#workload(service);
    const deployment = await readDeployment(this.client, workload);
    const sets = await readReplicaSets(this.client, workload, deployment);
    const activatedAtMs = new Map<string, number>();
    for (const set of sets) {
      const at = Date.parse(set.metadata.creationTimestamp ?? '');
      const release = releaseOf(set);
      activatedAtMs.set(release, Math.min(at, activatedAtMs.get(release) ?? Infinity));
    }
    const active = sets.find((set) => revisionOf(set) === revisionOf(deployment));
    if (active === undefined) {
      throw new AdapterError(
        'unreachable',
        `deployment "${nameOf(workload)}" has no ReplicaSet of its revision yet`,
      );
    }
    return {
      active: releaseOf(active),
      known: [...activatedAtMs].map(([id, at]) => ({
        id,
        activatedAtMs: Number.isFinite(at) ? at : undefined,
      })),
    };
  }

  async activate(
    service: string,
    ask: { operationId: string; release: string; ifRelease: string },
  ): Promise<void> {
    const workload = this.#workload(service);
    const deployment = await readDeployment(this.client, workload);
    const wasBegun = deployment.metadata.annotations[OPERATION] === ask.operationId;
    const { active } = await this.releases(service);
    if (active !== ask.release && !wasBegun) {
      if (active !== ask.ifRelease) {
        throw new AdapterError(
          'rejected',
          `deployment "${nameOf(workload)}" is on release "${active}", not "${ask.ifRelease}"`,
        );
      }
      const sets = await readReplicaSets(this.client, workload, deployment);
      const source = sets.findLast((set) => releaseOf(set) === ask.release);
      if (source === undefined) {
        throw new AdapterError(
          'not-found',
          `deployment "${nameOf(workload)}" has no ReplicaSet of release "${ask.release}"; ` +
            `its revisionHistoryLimit may have removed it`,
        );
      }
      this.#refusePaused(workload, deployment.spec.paused);
      const { resourceVersion, annotations } = deployment.metadata;
      // The template is replaced, not merged: what the bad release added must go.
      await this.client.patch(deploymentPath(workload), 'json', [
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
        {
          op: 'add',
          path: '/metadata/annotations',
          value: { ...annotations, [OPERATION]: ask.operationId },
        },
        { op: 'replace', path: '/spec/template', value: templateOf(source) },
      ]);
    }
    await this.#settle(workload);
  }

  changes(service: string, sinceMs: number): Promise<readonly ChangeEvent[]> {
    return readChanges(this.client, this.#workload(service), service, sinceMs);
  }

  /** Deployments that can't be read, with what the API server said. */
  async check(): Promise<readonly string[]> {
    const answers = await Promise.allSettled(
      Object.values(this.options.services).map((workload) => readDeployment(this.client, workload)),
    );
    return answers.flatMap((answer) =>
      answer.status === 'rejected'
        ? [answer.reason instanceof Error ? answer.reason.message : String(answer.reason)]
        : [],
    );
  }

  async #rollOut(workload: Workload, resourceVersion: string, operationId: string): Promise<void> {
    const { spec } = await readDeployment(this.client, workload);
    this.#refusePaused(workload, spec.paused);
    const annotations = { [RESTARTED_AT]: new Date().toISOString(), [OPERATION]: operationId };
    await this.client.patch(deploymentPath(workload), 'strategic-merge', {
      // Somebody's change since it was read answers 409, so that a late attempt restarts nothing.
      metadata: { resourceVersion },
      spec: { template: { metadata: { annotations } } },
    });
  }

  async #deletePod(workload: Workload, name: string): Promise<void> {
    const deployment = await readDeployment(this.client, workload);
    const pods = await readPods(this.client, workload, deployment);
    const pod = pods.find(({ metadata }) => metadata.name === name);
    if (pod !== undefined) {
      await this.client.delete(podPath(workload, name), { uid: pod.metadata.uid });
    }
  }

  async #settle(workload: Workload): Promise<void> {
    const { rolloutTimeoutMs } = this.options;
    if (rolloutTimeoutMs !== undefined) await awaitRollout(this.client, workload, rolloutTimeoutMs);
  }

  #refusePaused(workload: Workload, isPaused: boolean): void {
    if (!isPaused) return;
    throw new AdapterError(
      'rejected',
      `deployment "${nameOf(workload)}" is paused and would not roll out; ` +
        `run: kubectl rollout resume deployment/${workload.deployment} -n ${workload.namespace}`,
    );
  }

  #workload(service: string): Workload {
    const workload = this.options.services[service];
    if (workload !== undefined) return workload;
    throw new AdapterError(
      'not-found',
      `service "${service}" has no Deployment; add it to the actuator's "services"`,
    );
  }
}
