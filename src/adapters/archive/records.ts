import { z } from 'zod';
import {
  INCIDENT_STATES,
  MAX_PAGE,
  OUTCOMES,
  type AlertQuery,
  type AuditRecord,
  type DeliveryQuery,
  type ForensicsRecord,
  type IncidentQuery,
  type IncidentRecord,
  type Retention,
  type TimelineEntry,
} from '../../domain/archive.js';
import type { CallClaim, CallRecord } from '../../domain/calls.js';
import { DELIVERY_STATES, type DeliveryRecord } from '../../domain/notification.js';
import { ALERT_KINDS, ALERT_STATES, type AlertRecord } from '../../domain/monitor/alert-record.js';
import { AdapterError } from '../../domain/ports.js';
import { SEVERITIES } from '../../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../../domain/sla/threshold.js';

/**
 * What every archive stores the same way: Postgres refuses NUL in text, and neither database keeps a
 * lone surrogate, so both are replaced (by U+2400 and U+FFFD) before they get there.
 */
function storableText(text: string): string {
  return text.replaceAll('\0', '\u2400').replace(/[\uD800-\uDFFF]/gu, '\uFFFD');
}

/** Longest forensic text, in UTF-16 units: with its JSON and headers well under the usual 16 MB body limits. */
const MAX_FORENSICS_CHARS = 4 * 1024 * 1024;

/** The end of an over-long text, under a line that says how much is gone. */
function boundedText(text: string): string {
  if (text.length <= MAX_FORENSICS_CHARS) return text;
  const note = `[the first part of ${text.length} characters was dropped]\n`;
  return note + text.slice(note.length - MAX_FORENSICS_CHARS);
}

/** Text that every archive can store. */
export const text = z.string().transform(storableText);
/** The same, never empty. */
export const name = z.string().min(1).transform(storableText);
/** Absent in JSON, null in a database, undefined in a record. */
export const orUndefined = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

/** Every field is there, also where JSON left it out. */
const NOT_GIVEN = {
  outcome: undefined,
  replica: undefined,
  resolvedAtMs: undefined,
  procedure: undefined,
  probableCause: undefined,
};

/** Validates an incident, whether it comes from a caller, over the wire or from a row. */
export const incidentSchema = z
  .object({
    id: name,
    runId: name,
    state: z.enum(INCIDENT_STATES),
    outcome: orUndefined(z.enum(OUTCOMES)),
    service: text,
    replica: orUndefined(text),
    threshold: text,
    metric: text,
    violationType: z.enum(VIOLATION_TYPES),
    severity: z.enum(SEVERITIES),
    value: z.number(),
    limit: z.number(),
    unit: text,
    openedAtMs: z.int(),
    resolvedAtMs: orUndefined(z.int()),
    procedure: orUndefined(text),
    probableCause: orUndefined(text),
    revision: z.int(),
  })
  .transform((record) => ({ ...NOT_GIVEN, ...record })) satisfies z.ZodType<IncidentRecord>;

/** Validates one line of a timeline. */
export const timelineEntrySchema = z.object({
  incidentId: name,
  runId: name,
  sequence: z.int(),
  atMs: z.int(),
  stage: text,
  text,
}) satisfies z.ZodType<TimelineEntry>;

/** Validates an audit line. */
export const auditSchema = z.object({
  key: name,
  atMs: z.int(),
  who: text,
  from: text,
  what: text,
  target: text,
  outcome: text,
  detail: text,
}) satisfies z.ZodType<AuditRecord>;

/** Validates a delivery. */
export const deliverySchema = z
  .object({
    notificationId: name,
    channel: name,
    incidentId: orUndefined(text),
    threadKey: text,
    state: z.enum(DELIVERY_STATES),
    attempts: z.int().min(0),
    atMs: z.int(),
    error: orUndefined(text),
    ref: orUndefined(text),
    insteadOf: orUndefined(text),
  })
  .transform((record) => ({
    ...{ incidentId: undefined, error: undefined, ref: undefined, insteadOf: undefined },
    ...record,
  })) satisfies z.ZodType<DeliveryRecord>;

/** Validates a query for deliveries. */
export const deliveryQuerySchema = z.object({
  notificationIds: z.array(text).max(MAX_PAGE).optional(),
  incidentId: text.optional(),
  threadKey: text.optional(),
  channel: text.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  limit: z.int().min(1).max(MAX_PAGE),
}) satisfies z.ZodType<DeliveryQuery>;

/** Validates an alert. */
export const alertSchema = z
  .object({
    id: name,
    incidentId: name,
    runId: name,
    service: text,
    replica: orUndefined(text),
    kind: z.enum(ALERT_KINDS),
    severity: z.enum(SEVERITIES),
    title: text,
    text,
    atMs: z.int(),
    state: z.enum(ALERT_STATES),
    why: text,
    escalationLevel: z.int().min(0),
    acknowledgedBy: orUndefined(text),
    revision: z.int(),
  })
  .transform((record) => ({
    ...{ replica: undefined, acknowledgedBy: undefined },
    ...record,
  })) satisfies z.ZodType<AlertRecord>;

/** Validates a forensic text as read. */
export const forensicsRecordSchema = z.object({
  name,
  text,
}) satisfies z.ZodType<ForensicsRecord>;

/** Validates what `putForensics` takes, and cuts an over-long text at its front. */
export const forensicsSchema = z.object({
  incidentId: name,
  runId: name,
  name,
  text: z.string().transform((value) => storableText(boundedText(value))),
});

/** Validates the part that all page queries share. */
export const pageQuerySchema = z.object({
  limit: z.int().min(1).max(MAX_PAGE),
  after: z.string().optional(),
});

/** Validates a query for incidents. */
export const incidentQuerySchema = pageQuerySchema.extend({
  states: z.array(z.enum(INCIDENT_STATES)).optional(),
  service: text.optional(),
  openedSinceMs: z.int().optional(),
}) satisfies z.ZodType<IncidentQuery>;

/** Validates a query for audit lines. */
export const auditQuerySchema = pageQuerySchema.extend({ target: text.optional() });

/** Validates a query for alerts. */
export const alertQuerySchema = pageQuerySchema.extend({
  incidentId: text.optional(),
}) satisfies z.ZodType<AlertQuery>;

const callAnswerSchema = z.object({ status: z.int(), contentType: text, body: text });

/** Validates a call with an idempotency key. */
export const callSchema = z
  .object({
    ...{ id: text, request: text, claim: text, atMs: z.int() },
    answer: callAnswerSchema.optional(),
  })
  .transform(({ answer, ...rest }) => ({ ...rest, answer })) satisfies z.ZodType<CallRecord>;

/** Validates the claim of a call. */
export const callClaimSchema = z.object({
  ...{ id: text, request: text, claim: text, atMs: z.int(), staleBeforeMs: z.int() },
}) satisfies z.ZodType<CallClaim>;

/** Validates what settles a call. */
export const settledCallSchema = z
  .object({ id: text, claim: text, answer: callAnswerSchema.optional() })
  .transform(({ answer, ...rest }) => ({ ...rest, answer }));

/** Validates what a retention pass is to delete. */
export const retentionSchema = z.object({
  incidentsBeforeMs: z.int().optional(),
  reportsBeforeMs: z.int().optional(),
  auditBeforeMs: z.int().optional(),
  deliveriesBeforeMs: z.int().optional(),
  alertsBeforeMs: z.int().optional(),
  callsBeforeMs: z.int().optional(),
}) satisfies z.ZodType<Retention>;

/**
 * The value as the schema gives it.
 *
 * @throws AdapterError `rejected`, naming what was wrong with which field.
 */
export function checked<T>(schema: z.ZodType<T>, what: string, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`)
    .join('; ');
  throw new AdapterError('rejected', `archive: ${what}: ${issues}`);
}
