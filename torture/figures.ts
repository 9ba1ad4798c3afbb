import type { Evidence } from './evidence.js';
import { groupBy } from './group-by.js';

/** What a run says of speed and success: all from the archive's timelines. */
export interface Figures {
  readonly incidents: number;
  /** From the incident's opening to its first action's effect, where one acted: Unix ms differences. */
  readonly toFirstActionMs: { readonly p50: number; readonly p99: number; readonly n: number };
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The figures of one run; NaN where nothing acted. */
export function figuresOf({ incidents, timeline }: Evidence): Figures {
  const lines = groupBy(timeline, ({ incidentId, runId }) => `${incidentId} ${runId}`);
  const waits: number[] = [];
  const outcomes: Record<string, number> = {};
  for (const { id, runId, openedAtMs, outcome } of incidents) {
    const changed = lines.get(`${id} ${runId}`)?.find(({ stage }) => stage === 'changed');
    if (changed !== undefined) waits.push(changed.atMs - openedAtMs);
    const word = outcome ?? 'none';
    outcomes[word] = (outcomes[word] ?? 0) + 1;
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) =>
    waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? Number.NaN;
  return {
    incidents: incidents.length,
    toFirstActionMs: { p50: at(0.5), p99: at(0.99), n: waits.length },
    outcomes,
  };
}
