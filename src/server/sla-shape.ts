import { z } from 'zod';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import { instant } from './shapes.js';

const count = z.int().min(0);
const percent = z.number().meta({ description: '0 to 100' });
const direction = z.enum(['upper', 'lower']);

const activeShape = z
  .object({
    fingerprint: z.string().meta({ description: 'the incident’s id is `incident:` and this' }),
    service: z.string(),
    replica: z.string().nullable(),
    threshold: z.string(),
    metric: z.string(),
    violationType: z.enum(VIOLATION_TYPES),
    severity: z.enum(SEVERITIES),
    value: z.number(),
    limit: z.number(),
    unit: z.string(),
    direction,
    windowSeconds: z.number(),
    startedAt: instant,
    detectedAt: instant,
  })
  .meta({ id: 'ActiveViolation' });

const slaThresholdShape = z
  .object({
    name: z.string(),
    metric: z.string(),
    service: z.string(),
    replica: z.string().nullable().meta({
      description: 'whose value it is: null for the service’s own, else the worst replica',
    }),
    unit: z.string(),
    direction,
    target: z.number(),
    limit: z.number(),
    windowSeconds: z.number(),
    value: z.number().nullable(),
    valueAt: instant.nullable(),
    compliancePercent: percent.nullable().meta({ description: 'of the last hour’s samples' }),
    coverage: z
      .object({ status: z.string(), text: z.string() })
      .nullable()
      .meta({ description: 'how it is measured, or why not' }),
    worsePercent: z
      .number()
      .nullable()
      .meta({ description: 'last 15 minutes against the time before; positive is worse' }),
    recent: z
      .object({
        from: instant,
        stepSeconds: z.number(),
        values: z
          .array(z.number().nullable())
          .meta({ description: 'the worst sample of each step' }),
      })
      .nullable(),
    budget: z
      .object({
        remainingPercent: percent.nullable(),
        burnRates: z.array(z.object({ window: z.string(), rate: z.number() })),
      })
      .nullable(),
    forecast: z.object({ breachInSeconds: z.number().nullable() }).nullable(),
  })
  .meta({ id: 'SlaThreshold' });

/** The answer of `GET /v1/sla`. */
export const slaShape = z
  .object({
    at: instant,
    compliancePercent: percent.meta({ description: 'of the last hour’s samples' }),
    active: z.array(activeShape),
    last24h: z.object({
      total: count,
      bySeverity: z.record(z.enum(SEVERITIES), count),
      byType: z.record(z.enum(VIOLATION_TYPES), count),
    }),
    thresholds: z.array(slaThresholdShape),
    heatMap: z.object({
      from: instant,
      bucketSeconds: z.number(),
      rows: z.array(
        z.object({
          service: z.string(),
          threshold: z.string(),
          metric: z.string(),
          cells: z
            .array(z.number().nullable())
            .meta({ description: 'shares of breaching samples, 0 to 1, null without samples' }),
        }),
      ),
    }),
    trend: z
      .array(z.object({ at: instant, count }))
      .meta({ description: 'violations opened per hour, the running hour last' }),
  })
  .meta({ id: 'Sla' });
