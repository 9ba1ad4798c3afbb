import { z } from 'zod';

// Further fields are ignored: a newer supervisor may tell more.

/** `GET /v1/replicas` */
export const replicasReply = z
  .object({
    replicas: z.array(
      z.object({
        name: z.string(),
        address: z.string(),
        state: z.enum(['starting', 'running', 'stopped', 'crashed']),
        release: z.string(),
        generation: z.int().nonnegative(),
      }),
    ),
  })
  .transform(({ replicas }) => replicas);

/** `GET /v1/releases` */
export const releasesReply = z.object({
  active: z.string(),
  known: z.array(
    z.object({
      id: z.string(),
      activatedAtMs: z
        .number()
        .nullish()
        .transform((at) => at ?? undefined),
    }),
  ),
});

/** `GET /v1/changes`; a replica is absent where the change was the whole service's. */
export const changesReply = z
  .object({
    changes: z.array(
      z.object({
        atMs: z.number(),
        replica: z
          .string()
          .nullish()
          .transform((name) => name ?? undefined),
        kind: z.enum(['release', 'scale', 'restart', 'config', 'other']).catch('other'),
        summary: z.string(),
      }),
    ),
  })
  .transform(({ changes }) => changes);
