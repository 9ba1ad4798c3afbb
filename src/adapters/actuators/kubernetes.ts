import { z } from 'zod';
import type { Actuator } from './actuator.js';
import { kubernetesAuth } from './kubernetes-auth.js';
import { KubernetesClient } from './kubernetes-client.js';
import { KubernetesControl } from './kubernetes-control.js';
import { duration } from './settings.js';

/** A name as Kubernetes takes it (RFC 1123). */
const dnsName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);

const schema = z.strictObject({
  /** The Deployment of each service. */
  services: z.record(
    z.string().min(1),
    z.strictObject({ namespace: dnsName.default('default'), deployment: dnsName }),
  ),
  auth: kubernetesAuth.default('in-cluster'),
  /** `rollout` replaces all pods one after another, `pod` only the one that is sick. */
  restart: z.enum(['rollout', 'pod']).default('rollout'),
  /** Container that serves, where a pod has several. */
  container: dnsName.optional(),
  /** For every call to the API server. */
  timeout: duration.default(10_000),
  /** Whether restart, scale and activate end only when the roll-out is complete. */
  waitForRollout: z.boolean().default(true),
  /** The longest that is waited for: engines load their weights for minutes. */
  rolloutTimeout: duration.default(600_000),
});
type Settings = z.output<typeof schema>;

/** Deployments in Kubernetes: scale, restart, and rollback to an earlier ReplicaSet's template. */
export const kubernetes = {
  kind: 'kubernetes',
  schema,
  create(settings: Settings) {
    const { services, restart, container, waitForRollout, rolloutTimeout } = settings;
    const client = new KubernetesClient(settings.auth, settings.timeout);
    const control = new KubernetesControl(client, {
      services,
      restart,
      container,
      rolloutTimeoutMs: waitForRollout ? rolloutTimeout : undefined,
    });
    return {
      replicas: control,
      deployment: control,
      check: () => control.check(),
      close: () => client.close(),
    };
  },
} satisfies Actuator<typeof schema>;
