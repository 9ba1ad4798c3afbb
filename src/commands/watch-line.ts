import type { IncidentJson } from '../server/incident-json.js';

/** The kinds of live updates, as the API names its events. */
export const WATCHED = ['incident', 'alert', 'report', 'breaker', 'mode', 'sla'] as const;
export type Watched = (typeof WATCHED)[number];

/** What an event says: of which thing, and in which words. */
export interface Said {
  readonly subject: string;
  readonly text: string;
}

interface Of {
  readonly id: string;
  readonly at: string;
}

/** How each kind is told; undefined for what was over before `sinceMs`, and for what is as always. */
const TELL: Readonly<Record<Watched, (data: never, sinceMs: number) => Said | undefined>> = {
  incident(one: IncidentJson, sinceMs) {
    if (one.resolvedAt !== null && Date.parse(one.resolvedAt) < sinceMs) return undefined;
    const { id, runId, state, outcome, severity, value, limit, unit, probableCause } = one;
    const [now, bound] = [value.toPrecision(4), limit.toPrecision(4)];
    const ended = outcome === null ? '' : `, ${outcome}`;
    const cause = probableCause === null ? '' : `; ${probableCause}`;
    return {
      subject: `${id} ${runId}`,
      text: `${id}: ${state}${ended} (${severity}, ${now} ${unit}, limit ${bound})${cause}`,
    };
  },
  alert(one: Of & { title: string; state: string; severity: string }, sinceMs) {
    if (Date.parse(one.at) < sinceMs) return undefined;
    return { subject: one.id, text: `${one.title} (${one.severity}, ${one.state})` };
  },
  report(one: Of & { incidentId: string; probableCause: string }, sinceMs) {
    if (Date.parse(one.at) < sinceMs) return undefined;
    return { subject: one.id, text: `${one.incidentId}: ${one.probableCause}` };
  },
  breaker: (one: { id: string; state: string; reason: string | null }) => ({
    subject: one.id,
    text: `${one.id}: ${one.state}${one.reason === null ? '' : `; ${one.reason}`}`,
  }),
  mode: (one: { mode: string; why: string | null; killSwitch: { isOn: boolean; by: string } }) => ({
    subject: 'mode',
    text: `${one.mode}${one.why === null ? '' : `: ${one.why}`}${one.killSwitch.isOn ? `; kill switch on, by ${one.killSwitch.by}` : ''}`,
  }),
  sla: (one: { active: readonly unknown[] } | null) => ({
    subject: 'sla',
    text: one === null ? 'the detector does not answer' : `${one.active.length} violations open`,
  }),
};

/** An event of that kind, of the API's own JSON, in words for people. */
export function sayEvent(kind: Watched, data: unknown, sinceMs: number): Said | undefined {
  // The shapes are the API's, which the same release serves.
  return TELL[kind](data as never, sinceMs);
}
