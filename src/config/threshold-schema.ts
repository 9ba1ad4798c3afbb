import { z } from 'zod';
import { REPLICA_AVAILABILITY } from '../domain/sla/availability.js';
import { DEFAULT_THRESHOLDS, VIOLATION_TYPES, type Threshold } from '../domain/sla/threshold.js';
import { duration } from './duration.js';

/** Units of the SLIs that the detector derives itself: a threshold in another one is a mistake. */
const KNOWN = [...DEFAULT_THRESHOLDS, REPLICA_AVAILABILITY];
const UNITS = new Map(KNOWN.map((t) => [t.metric, t.unit]));

const raw = z.strictObject({
  /** Unique; the metric's name where left out. */
  name: z.string().min(1).optional(),
  metric: z.string().min(1),
  target: z.number('expected a number, the target in the metric’s unit'),
  unit: z.string().min(1).optional(),
  tolerance: z
    .string()
    .regex(/^\d+(\.\d+)?%$/, 'expected a share of the target like "25%"')
    .transform((text) => Number.parseFloat(text))
    .default(0),
  direction: z.enum(['upper', 'lower']).optional(),
  window: duration,
  sustained: z
    .string()
    .regex(/^\d+(\.\d+)?%$/, 'expected a share of the window like "80%"')
    .transform((text) => Number.parseFloat(text))
    .default(80),
  violationType: z.enum(VIOLATION_TYPES).optional(),
  enabled: z.boolean().default(true),
  /** Requests per second under which a sample is no evidence. */
  minDemandPerSecond: z.number().nonnegative().optional(),
  /** Judged by the service's own series alone, not for each replica. */
  scope: z.literal('service').optional(),
});

/**
 * A threshold as the config writes it. Of the metrics that paramedic knows, direction, unit, type and
 * demand gate have their defaults; of others they must be said.
 */
const thresholdSchema = raw.transform((given, context): Threshold => {
  const known = KNOWN.find((t) => t.metric === given.metric);
  const need = <T>(
    value: T | undefined,
    fallback: T | undefined,
    key: string,
    example: string,
  ): T => {
    const found = value ?? fallback;
    if (found !== undefined) return found;
    context.addIssue({
      code: 'custom',
      path: [key],
      message: `expected ${example}: "${given.metric}" is not a metric that paramedic knows`,
    });
    return z.NEVER;
  };
  const unit = UNITS.get(given.metric);
  if (unit !== undefined && given.unit !== undefined && given.unit !== unit) {
    context.addIssue({
      code: 'custom',
      path: ['unit'],
      message: `expected "${unit}", the unit of ${given.metric}, got "${given.unit}"`,
    });
  }
  return {
    name: given.name ?? given.metric,
    metric: given.metric,
    target: given.target,
    tolerancePercent: given.tolerance,
    direction: need(given.direction, known?.direction, 'direction', '"upper" or "lower"'),
    unit: need(given.unit, unit, 'unit', 'a unit like "ms"'),
    windowMs: given.window,
    sustainedPercent: given.sustained,
    violationType: need(
      given.violationType,
      known?.violationType,
      'violationType',
      'a violation type',
    ),
    enabled: given.enabled,
    minDemandPerSecond: given.minDemandPerSecond ?? known?.minDemandPerSecond,
    ...(given.scope === undefined ? {} : { scope: given.scope }),
  };
});

/** Thresholds, their names unique; the design document's seven and availability where none are given. */
export const thresholdsSchema = z
  .array(thresholdSchema)
  .min(1)
  .superRefine((thresholds, context) => {
    thresholds.forEach((threshold, index) => {
      const first = thresholds.findIndex((t) => t.name === threshold.name);
      if (first === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `duplicate name "${threshold.name}": thresholds[${first}] has it already`,
      });
    });
  })
  .default(() => [...KNOWN]);
