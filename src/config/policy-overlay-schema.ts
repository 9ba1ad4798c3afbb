import { z } from 'zod';
import { ACTION_NAMES, AUTONOMIES } from '../domain/recovery/action.js';
import { duration, durationOrZero } from './duration.js';

/** Some of a verification's figures; the rest as it stands elsewhere. */
export const verificationOverlay = z.strictObject({
  minSamples: z.int().min(1).optional(),
  compliantPercent: z.number().min(1).max(100).optional(),
  hold: duration.optional(),
  timeout: duration.optional(),
  worsePercent: z.number().positive().optional(),
});
export type VerificationOverlay = z.output<typeof verificationOverlay>;

/**
 * What an environment or a service has otherwise than the rest; what is left out is as everywhere.
 * The limits over all services are not among it.
 */
export const policyOverlay = z.strictObject({
  autonomy: z.partialRecord(z.enum(ACTION_NAMES), z.enum(AUTONOMIES)).optional(),
  approval: z
    .strictObject({
      timeout: duration.optional(),
      onTimeout: z.enum(['skip', 'approve', 'rollback']).optional(),
    })
    .optional(),
  rollback: z.enum(['auto', 'approve']).optional(),
  cooldown: durationOrZero.optional(),
  blastRadius: z
    .strictObject({
      minHealthyReplicas: z.int().min(0).optional(),
      maxSharePercent: z.number().min(1).max(100).optional(),
    })
    .optional(),
  verification: verificationOverlay.optional(),
  releaseAfterWindows: z.number().positive().optional(),
});
export type PolicyOverlay = z.output<typeof policyOverlay>;
