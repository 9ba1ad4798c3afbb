import { z } from 'zod';
import { ACTION_NAMES, AUTONOMIES, DEFAULT_AUTONOMY } from '../domain/recovery/action.js';
import { duration, durationOrZero } from './duration.js';
import { policyOverlay } from './policy-overlay-schema.js';
import { proceduresSchema } from './procedure-schema.js';

/** How recoveries act: autonomy, approvals, limits, verification, release. */
export const recoverySchema = z.strictObject({
  /** Recoveries at once, over all services. */
  maxConcurrent: z.int().min(1).default(3),
  /** Recoveries within an hour, over all services. */
  maxPerHour: z.int().min(1).default(30),
  /** Least time between two runs of one procedure on one target. */
  cooldown: durationOrZero.prefault('5m'),
  /** With more open incidents than this, actions are only suggested. */
  stormAbove: z.int().min(1).default(20),
  autonomy: z
    .partialRecord(z.enum(ACTION_NAMES), z.enum(AUTONOMIES))
    .default({})
    .transform((given) => ({ ...DEFAULT_AUTONOMY, ...given })),
  approval: z
    .strictObject({
      timeout: duration.prefault('15m'),
      /** When nobody answers: leave the step out, go on as if approved, or stop and roll back. */
      onTimeout: z.enum(['skip', 'approve', 'rollback']).default('skip'),
    })
    .prefault({}),
  /** Whether a rollback that nobody ordered asks first. */
  rollback: z.enum(['auto', 'approve']).default('auto'),
  blastRadius: z
    .strictObject({
      /** Replicas that must stay in full service. */
      minHealthyReplicas: z.int().min(0).default(1),
      /** Largest share of a service's replicas that may be out or reduced at once. */
      maxSharePercent: z.number().min(1).max(100).default(50),
    })
    .prefault({}),
  verification: z
    .strictObject({
      minSamples: z.int().min(1).default(5),
      compliantPercent: z.number().min(1).max(100).default(80),
      /** The SLI must be back for so long before a step counts as the cure. */
      hold: duration.prefault('30s'),
      timeout: duration.prefault('90s'),
      worsePercent: z.number().positive().default(20),
    })
    .prefault({}),
  /** Windows of the threshold that the SLI must hold before a mitigation is released. */
  releaseAfterWindows: z.number().positive().default(2),
  /** Shares of its weight that a server gets on its way back, each verified; `[]`: all of it at once. */
  releaseRamp: z
    .array(
      z
        .string()
        .regex(/^\d{1,2}(\.\d+)?%$/, 'expected a share of the weight like "25%"')
        .transform((text) => Number.parseFloat(text)),
    )
    .default([25, 50]),
  /** What holds otherwise where `environment` has that name. */
  environments: z.record(z.string().min(1), policyOverlay).default({}),
  /** What holds otherwise for that service; it wins over its environment's. */
  services: z.record(z.string().min(1), policyOverlay).default({}),
  /** Procedures of one's own, and what is to be otherwise in those that there are. */
  procedures: proceduresSchema.default([]),
});
