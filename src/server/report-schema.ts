import { z } from 'zod';
import { HYPOTHESIS_KINDS } from '../domain/rca/hypotheses/hypothesis.js';

const atMs = z.int().meta({ description: 'Unix milliseconds' });
const fractionalMs = z.number().meta({ description: 'Unix milliseconds' });
const share = z.number().min(0).max(1);
const kind = z.enum(HYPOTHESIS_KINDS);
/** Left out in JSON: a replica where the whole service is meant. */
const replica = z.string().optional().meta({ description: 'left out for the whole service' });
const argument = z.object({
  text: z.string(),
  weight: z.number().meta({ description: 'log odds; positive speaks for it' }),
});
const edge = z.object({ from: z.string(), to: z.string() });

const hypothesis = z
  .object({
    kind,
    title: z.string(),
    probability: share,
    mechanism: z.string().optional(),
    service: z.string(),
    replica,
    metric: z.string(),
    component: z.enum(['engine', 'kv-cache', 'gpu', 'host']).optional(),
    evidenceFor: z.array(argument),
    evidenceAgainst: z.array(argument),
  })
  .meta({ id: 'Hypothesis' });

const related = z
  .object({
    service: z.string(),
    replica,
    metric: z.string(),
    correlation: z.number().min(-1).max(1),
    lagMs: z.number().meta({ description: 'positive: it leads the violated series' }),
    falseDiscoveryRate: share,
    confidence: z.enum(['very-high', 'high', 'medium', 'low']),
    role: z.enum(['leading', 'simultaneous', 'consequence', 'improvement']),
  })
  .meta({ id: 'RelatedSeries' });

/** A root cause report as JSON; `docs/report.schema.json` is made of this. */
export const reportBody = z
  .strictObject({
    version: z.literal(1),
    incident: z.object({
      service: z.string(),
      replica,
      metric: z.string(),
      direction: z.enum(['upper', 'lower']),
      startedAtMs: fractionalMs,
      openedAtMs: fractionalMs,
    }),
    onsetMs: fractionalMs,
    summary: z.string(),
    probableCause: hypothesis.optional().meta({ description: 'left out where undetermined' }),
    isConfident: z.boolean(),
    hypotheses: z
      .array(hypothesis)
      .meta({ description: 'likeliest first; with `undetermined` they sum to 1' }),
    undetermined: share,
    rankedCauses: z.array(z.object({ service: z.string(), metric: z.string(), score: z.number() })),
    topology: z
      .array(edge)
      .meta({ description: 'who depends on whom; `service/replica#component` for parts' }),
    related: z.array(related),
    insights: z.array(z.string()),
    prevention: z.array(z.string()),
    recommendations: z
      .array(
        z.object({
          id: z.string(),
          text: z.string(),
          because: z.union([kind, z.literal('missing-evidence')]),
          priority: z.enum(['now', 'later']),
          status: z.enum(['open', 'accepted', 'done', 'dismissed']),
        }),
      )
      .max(10)
      .meta({ description: 'as filed; how they stand is in /v1/recommendations' }),
    timeline: z.array(
      z.object({
        atMs: fractionalMs,
        kind: z.enum(['change', 'metric', 'onset', 'incident', 'step', 'diagnostic']),
        text: z.string(),
      }),
    ),
    pictures: z.array(
      z.object({
        label: z.string(),
        timesMs: z.array(fractionalMs),
        values: z.array(z.number()),
      }),
    ),
    missing: z.array(z.string()),
    features: z.array(z.string()),
    similar: z.array(
      z.object({
        incidentId: z.string(),
        runId: z.string(),
        atMs,
        probableCause: z.string(),
        similarity: share,
      }),
    ),
  })
  .meta({ id: 'RootCauseReport' });
