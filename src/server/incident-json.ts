import type { IncidentRecord } from '../domain/archive.js';
import type { IncidentView } from '../workflows/messages.js';

const iso = (atMs: number | undefined) =>
  atMs === undefined ? null : new Date(atMs).toISOString();

/** An incident in a list, as API and CLI give it; absent values are null. */
export function incidentJson(record: IncidentRecord) {
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
export type IncidentJson = ReturnType<typeof incidentJson>;

/** One incident with all that is known of it: `live` is its workflow's own word, while that answers. */
export function incidentDetailJson(
  record: IncidentRecord,
  live: IncidentView | undefined,
  timeline: readonly { readonly atMs: number; readonly stage: string; readonly text: string }[],
  uiUrl: string,
) {
  return {
    ...incidentJson(record),
    why: live?.why ?? null,
    acknowledgedBy: live?.acknowledgedBy ?? null,
    steps: (live?.steps ?? []).map((step) => ({
      ...step,
      startedAt: iso(step.startedAtMs),
      endedAt: iso(step.endedAtMs),
    })),
    owed: (live?.owed ?? []).map((o) => ({
      step: o.step.id,
      action: o.step.action,
      undo: o.undoLine,
    })),
    waiting:
      live?.waiting === undefined ? null : { ...live.waiting, until: iso(live.waiting.untilMs) },
    timeline: timeline.map(({ atMs, stage, text }) => ({ at: iso(atMs), stage, text })),
    uiUrl,
  };
}
export type IncidentDetailJson = ReturnType<typeof incidentDetailJson>;
