import { createHash } from 'node:crypto';
import type { ReplicaSetObject } from './kubernetes-objects.js';
import { OPERATION, RESTARTED_AT } from './kubernetes-workload.js';

/** Keys in order, so that equal templates have equal texts. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
}

function without(
  labels: Readonly<Record<string, string>> | undefined,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !keys.includes(key)));
}

/** A ReplicaSet's template as its Deployment had it. */
export function templateOf(replicaSet: ReplicaSetObject): Readonly<Record<string, unknown>> {
  const { metadata, ...rest } = replicaSet.spec.template;
  const { labels, ...others } = (metadata ?? {}) as { labels?: Record<string, string> };
  return { ...rest, metadata: { ...others, labels: without(labels, ['pod-template-hash']) } };
}

/**
 * Name of the release that a ReplicaSet runs: the first container's image tag and a digest of the
 * template. A restart makes a new ReplicaSet and no new release, so what only a restart changes
 * does not count; otherwise a rollback would go back to the release that it is to leave.
 */
export function releaseOf(replicaSet: ReplicaSetObject): string {
  const { metadata, ...rest } = templateOf(replicaSet) as {
    metadata: { annotations?: Record<string, string> };
    spec?: { containers?: readonly { image?: string }[] };
  };
  const { annotations, ...others } = metadata;
  const lasting = without(annotations, [RESTARTED_AT, OPERATION]);
  const text = JSON.stringify(
    canonical({ ...rest, metadata: { ...others, annotations: lasting } }),
  );
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const tag = /:([\w][\w.-]*)$/.exec(rest.spec?.containers?.[0]?.image ?? '')?.[1] ?? 'untagged';
  return `${tag.slice(0, 40)}-${digest}`;
}
