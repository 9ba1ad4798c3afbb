import { z } from 'zod';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { Violation } from '../domain/sla/violation.js';

const absent = (text: z.ZodString) => text.optional().transform((v): string | undefined => v);

/** A violation as the detector's own files hold it. */
export const violationSchema: z.ZodType<Violation> = z.object({
  fingerprint: z.string(),
  service: z.string(),
  replica: absent(z.string()),
  threshold: z.string(),
  metric: z.string(),
  violationType: z.enum(VIOLATION_TYPES),
  severity: z.enum(SEVERITIES),
  value: z.number(),
  limit: z.number(),
  unit: z.string(),
  direction: z.enum(['upper', 'lower']),
  windowMs: z.number(),
  startedAtMs: z.number(),
  detectedAtMs: z.number(),
  evidence: absent(z.string()),
});
