import { z } from 'zod';
import { INCIDENT_STATES, OUTCOMES, type IncidentRecord } from '../domain/archive.js';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { IncidentView } from '../workflows/messages.js';
import { instant, iso } from './shapes.js';

/** An incident in a list, as API and CLI give it; absent values are null. */
export const incidentShape = z
  .object({
    id: z.string(),
    runId: z.string(),
    state: z.enum(INCIDENT_STATES),
    outcome: z.enum(OUTCOMES).nullable(),
    service: z.string(),
    replica: z.string().nullable(),
    threshold: z.string(),
    violationType: z.enum(VIOLATION_TYPES),
    severity: z.enum(SEVERITIES),
    value: z.number(),
    limit: z.number(),
    unit: z.string(),
    openedAt: instant,
    resolvedAt: instant.nullable(),
    procedure: z.string().nullable(),
    probableCause: z.string().nullable(),
  })
  .meta({ id: 'Incident' });
export type IncidentJson = z.output<typeof incidentShape>;

const stepShape = z
  .object({
    id: z.string(),
    action: z.string(),
    target: z.object({ service: z.string(), replica: z.string().nullable() }),
    state: z.string(),
    line: z.string().meta({ description: 'what it does, in words and exact calls' }),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    before: z.number().nullable(),
    after: z.number().nullable(),
  })
  .meta({ id: 'Step' });

/** One incident with all that is known of it. */
export const incidentDetailShape = z
  .object({
    ...incidentShape.shape,
    why: z.string().nullable(),
    acknowledgedBy: z.string().nullable(),
    steps: z.array(stepShape),
    owed: z.array(z.object({ step: z.string(), action: z.string(), undo: z.string() })),
    waiting: z
      .object({
        kind: z.enum(['step', 'rollback']),
        stepId: z.string(),
        line: z.string(),
        until: instant,
        onTimeout: z.string(),
      })
      .nullable(),
    timeline: z.array(z.object({ at: instant, stage: z.string(), text: z.string() })),
    uiUrl: z.string(),
  })
  .meta({ id: 'IncidentDetail' });
export type IncidentDetailJson = z.output<typeof incidentDetailShape>;

/** An incident as its shape has it. */
export function incidentJson(record: IncidentRecord): IncidentJson {
  return {
    id: record.id,
    runId: record.runId,
    state: record.state,
    outcome: record.outcome ?? null,
    service: record.service,
    replica: record.replica ?? null,
    threshold: record.threshold,
    violationType: record.violationType,
    severity: record.severity,
    value: record.value,
    limit: record.limit,
    unit: record.unit,
    openedAt: iso(record.openedAtMs),
    resolvedAt: iso(record.resolvedAtMs),
    procedure: record.procedure ?? null,
    probableCause: record.probableCause ?? null,
  };
}

/** The same with its details: `live` is its workflow's own word, while that answers. */
export function incidentDetailJson(
  record: IncidentRecord,
  live: IncidentView | undefined,
  timeline: readonly { readonly atMs: number; readonly stage: string; readonly text: string }[],
  uiUrl: string,
): IncidentDetailJson {
  // Ended from outside: what its workflow said last is not so any more, and it won't say more.
  const isCutOff = record.state === 'resolved' && live?.state !== 'resolved';
  const { waiting, owed = [] } = isCutOff ? {} : (live ?? {});
  return {
    ...incidentJson(record),
    why: live?.why ?? null,
    acknowledgedBy: live?.acknowledgedBy ?? null,
    steps: (live?.steps ?? []).map((step) => ({
      id: step.id,
      action: step.action,
      target: { service: step.target.service, replica: step.target.replica ?? null },
      state: step.state,
      line: step.line,
      startedAt: iso(step.startedAtMs),
      endedAt: iso(step.endedAtMs),
      before: step.before ?? null,
      after: step.after ?? null,
    })),
    owed: owed.map((o) => ({
      step: o.step.id,
      action: o.step.action,
      undo: o.undoLine,
    })),
    waiting:
      waiting === undefined
        ? null
        : {
            kind: waiting.kind,
            stepId: waiting.stepId,
            line: waiting.line,
            until: iso(waiting.untilMs),
            onTimeout: waiting.onTimeout,
          },
    timeline: timeline.map(({ atMs, stage, text }) => ({ at: iso(atMs), stage, text })),
    uiUrl,
  };
}
