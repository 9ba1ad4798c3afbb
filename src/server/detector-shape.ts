import { z } from 'zod';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';

const count = z.int().min(0);
const direction = z.enum(['upper', 'lower']);

const violationShape = z
  .object({
    fingerprint: z.string(),
    service: z.string(),
    replica: z.string().optional(),
    threshold: z.string(),
    metric: z.string(),
    violationType: z.enum(VIOLATION_TYPES),
    severity: z.enum(SEVERITIES),
    value: z.number(),
    limit: z.number(),
    unit: z.string(),
    direction,
    windowMs: z.number(),
    startedAtMs: z.number(),
    detectedAtMs: z.number(),
    evidence: z.string().optional(),
  })
  .meta({ id: 'Violation' });

/** What the detector says of itself, as its own API gives it. */
export const detectorShape = z
  .object({
    atMs: z.number(),
    summary: z.object({
      compliancePercent: z.number(),
      complianceByThreshold: z.record(z.string(), z.number()),
      active: z.array(violationShape),
      lastDay: z.object({
        total: count,
        bySeverity: z.record(z.enum(SEVERITIES), count),
        byType: z.record(z.enum(VIOLATION_TYPES), count),
      }),
      heatMap: z.array(
        z.object({
          service: z.string(),
          threshold: z.string(),
          metric: z.string(),
          buckets: z.array(z.object({ startMs: z.number(), samples: count, breaches: count })),
        }),
      ),
    }),
    thresholds: z.array(
      z.object({
        name: z.string(),
        metric: z.string(),
        target: z.number(),
        tolerancePercent: z.number(),
        direction,
        unit: z.string(),
        windowMs: z.number(),
        sustainedPercent: z.number(),
        violationType: z.enum(VIOLATION_TYPES),
        enabled: z.boolean(),
        minDemandPerSecond: z.number().optional(),
      }),
    ),
    targets: z.array(
      z.object({
        url: z.string(),
        service: z.string(),
        replica: z.string().optional(),
        isUp: z.boolean().optional(),
        lastError: z.string().optional(),
        lastScrapeAtMs: z.number().optional(),
      }),
    ),
    coverage: z.array(
      z.object({
        threshold: z.string(),
        service: z.string(),
        status: z.enum(['measurable', 'coarse', 'not-measurable']),
        text: z.string(),
      }),
    ),
    isDispatching: z.boolean().optional(),
    openReports: count,
    breakers: z.array(z.unknown()).meta({ description: 'as `/v1/breakers`, in its own terms' }),
    unwatched: z
      .array(z.string())
      .optional()
      .meta({ description: 'of several detectors: services that nobody watches now' }),
    problems: z
      .array(z.string())
      .optional()
      .meta({ description: 'of several detectors: those that do not answer, or judge otherwise' }),
    health: z.unknown().meta({ description: 'as in `/health/production`, in its own terms' }),
  })
  .meta({ id: 'DetectorStatus' });
