import { z } from 'zod';
import {
  RECOMMENDATION_STATES,
  type ChangeRecord,
  type DrillRecord,
  type RecommendationDecision,
  type RecommendationQuery,
  type RecommendationRecord,
  type ReportRecord,
  type ReportSummary,
} from '../../domain/rca-archive.js';
import { name, orUndefined, pageQuerySchema, text } from './records.js';

/** A database gives 0 and 1, JSON the words. */
const flag = z.union([z.boolean(), z.number()]).transform(Boolean);
/** A database keeps them as JSON. */
const words = z.preprocess(
  (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value),
  z.array(text).readonly(),
);
const state = z.enum(RECOMMENDATION_STATES);
const NOBODY = { by: undefined, reason: undefined, atMs: undefined };

/** Validates what is known of a report without its text. */
export const reportSummarySchema = z.object({
  id: name,
  incidentId: name,
  runId: name,
  createdAtMs: z.int(),
  service: text,
  probableCause: text,
  category: text,
  likelihood: z.number().min(0).max(1),
  isConfident: flag,
  features: words,
}) satisfies z.ZodType<ReportSummary>;

/** Validates a report. */
export const reportSchema = reportSummarySchema.extend({
  body: text,
  markdown: text,
}) satisfies z.ZodType<ReportRecord>;

/** Validates a query for reports. */
export const reportQuerySchema = pageQuerySchema.extend({
  service: text.optional(),
  sinceMs: z.int().optional(),
});

/** Validates a recommendation. */
export const recommendationSchema = z
  .object({
    id: name,
    incidentId: name,
    reportId: name,
    text,
    category: text,
    priority: z.enum(['now', 'later']),
    state,
    createdAtMs: z.int(),
    by: orUndefined(text),
    reason: orUndefined(text),
    atMs: orUndefined(z.int()),
  })
  .transform((record) => ({ ...NOBODY, ...record })) satisfies z.ZodType<RecommendationRecord>;

/** Validates a decision on a recommendation. */
export const decisionSchema = z.object({
  id: name,
  state,
  by: text,
  reason: text,
  atMs: z.int(),
}) satisfies z.ZodType<RecommendationDecision>;

/** Validates a query for recommendations. */
export const recommendationQuerySchema = pageQuerySchema.extend({
  states: z.array(state).optional(),
  incidentId: text.optional(),
}) satisfies z.ZodType<RecommendationQuery>;

/** Validates a change. */
export const changeSchema = z
  .object({
    id: name,
    atMs: z.int(),
    service: text,
    replica: orUndefined(text),
    kind: z.enum(['release', 'scale', 'restart', 'config', 'other']),
    summary: text,
    by: text,
  })
  .transform((record) => ({
    ...{ replica: undefined },
    ...record,
  })) satisfies z.ZodType<ChangeRecord>;

const someOf = { limit: pageQuerySchema.shape.limit };

/** Validates a query for changes. */
export const changeQuerySchema = z.object({
  ...someOf,
  service: text.optional(),
  fromMs: z.int(),
  toMs: z.int(),
});

/** Validates a drill. */
export const drillSchema = z.object({
  id: name,
  atMs: z.int(),
  fault: text,
  isRight: flag,
  body: text,
}) satisfies z.ZodType<DrillRecord>;

/** Validates a query for drills. */
export const drillQuerySchema = z.object({ ...someOf, sinceMs: z.int() });
