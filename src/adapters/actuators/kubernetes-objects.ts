import { z } from 'zod';

// Only what is read of each object; the API adds fields with every version.

const metadata = z.object({
  name: z.string(),
  uid: z.string().default(''),
  resourceVersion: z.string().default(''),
  generation: z.number().default(0),
  creationTimestamp: z.string().optional(),
  annotations: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
});

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});

/** A pod template is carried from a ReplicaSet to its Deployment whole, whatever is in it. */
const template = z.looseObject({ metadata: z.looseObject({}).optional() });

/** `apps/v1` Deployment. */
export const deploymentObject = z.object({
  metadata,
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }),
    template: z.object({
      metadata: z
        .object({ annotations: z.record(z.string(), z.string()).default({}) })
        .default({ annotations: {} }),
    }),
  }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions: z.array(condition).default([]),
    })
    .default({
      observedGeneration: 0,
      replicas: 0,
      updatedReplicas: 0,
      availableReplicas: 0,
      conditions: [],
    }),
});
export type DeploymentObject = z.output<typeof deploymentObject>;

/** `autoscaling/v1` Scale, of the scale subresource. */
export const scaleObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.number().default(0) }),
});

/** List of `apps/v1` ReplicaSets. */
export const replicaSetList = z.object({
  items: z.array(z.object({ metadata, spec: z.object({ template }) })),
});
export type ReplicaSetObject = z.output<typeof replicaSetList>['items'][number];

const terminated = z.object({ finishedAt: z.string(), reason: z.string().default('') });

/** List of `v1` pods. */
export const podList = z.object({
  items: z.array(
    z.object({
      metadata: metadata.extend({ deletionTimestamp: z.string().optional() }),
      spec: z.object({
        containers: z.array(
          z.object({
            name: z.string(),
            ports: z.array(z.object({ containerPort: z.number() })).default([]),
          }),
        ),
      }),
      status: z.object({
        phase: z.string().default('Pending'),
        podIP: z.string().optional(),
        conditions: z.array(condition).default([]),
        containerStatuses: z
          .array(
            z.object({
              name: z.string(),
              restartCount: z.number().default(0),
              state: z
                .object({ waiting: z.object({ reason: z.string().default('') }).optional() })
                .default({}),
              lastState: z.object({ terminated: terminated.optional() }).default({}),
            }),
          )
          .default([]),
      }),
    }),
  ),
});
export type PodObject = z.output<typeof podList>['items'][number];

/** Lists of HorizontalPodAutoscalers and of KEDA's ScaledObjects. */
export const scalerList = z.object({
  items: z.array(
    z.object({
      metadata,
      spec: z.object({
        scaleTargetRef: z.object({ kind: z.string().default('Deployment'), name: z.string() }),
        minReplicas: z.number().optional(),
        maxReplicas: z.number().optional(),
        minReplicaCount: z.number().optional(),
        maxReplicaCount: z.number().optional(),
      }),
    }),
  ),
});

/** List of `v1` events. */
export const eventList = z.object({
  items: z.array(
    z.object({
      reason: z.string().default(''),
      message: z.string().default(''),
      lastTimestamp: z.string().nullish(),
      eventTime: z.string().nullish(),
    }),
  ),
});
