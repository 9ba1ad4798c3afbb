import { z } from 'zod';
import { DEFAULT_MIN_BAD_EVENTS, DEFAULT_SLOS, type Slo } from '../domain/sla/slo.js';
import type { Threshold } from '../domain/sla/threshold.js';

const slo = z
  .strictObject({
    /** Unique, also beside the thresholds' names. */
    name: z.string().min(1),
    /** The threshold whose limit says what is bad. */
    threshold: z.string().min(1),
    objective: z
      .string()
      .regex(/^\d{1,2}(\.\d+)?%$/, 'expected a share like "99.9%"')
      .transform((text) => Number.parseFloat(text) / 100)
      .refine((ratio) => ratio > 0 && ratio < 1, 'expected a share above 0% and below 100%'),
    /** Bad events (requests, or seconds) in a long window under which nothing is raised. */
    minBadEvents: z.number().positive().default(DEFAULT_MIN_BAD_EVENTS),
  })
  .transform(({ objective, ...rest }): Slo => ({
    ...rest,
    objectiveRatio: objective,
  }));

/** Objectives with an error budget; that of the error rate where none are given. */
export const slosSchema = z.array(slo).default(() => [...DEFAULT_SLOS]);

/** Finds objectives of thresholds that aren't there, and names that are used twice. */
export function checkSlos(
  {
    slos,
    thresholds,
  }: { readonly slos: readonly Slo[]; readonly thresholds: readonly Threshold[] },
  context: z.RefinementCtx,
): void {
  slos.forEach(({ name, threshold }, index) => {
    const issue = (key: string, message: string) => {
      context.addIssue({ code: 'custom', path: ['slos', index, key], message });
    };
    const isDefault = DEFAULT_SLOS.some((one) => one.name === name && one.threshold === threshold);
    const known = thresholds.map((one) => one.name);
    // The default one is for a threshold that a configuration need not have.
    if (!known.includes(threshold) && !isDefault) {
      issue('threshold', `expected one of ${known.join(', ')}, got "${threshold}"`);
    }
    if (known.includes(name) || slos.findIndex((one) => one.name === name) !== index) {
      issue('name', `duplicate name "${name}"`);
    }
  });
}
