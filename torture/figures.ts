import type { Evidence } from './evidence.js';
import { groupBy } from './group-by.js';

/** How long some things took. NaN where there were none. */
export interface Waits {
  readonly p50: number;
  readonly p99: number;
  readonly n: number;
}

/** What a run says of speed and success: all from the archive's timelines. */
export interface Figures {
  readonly incidents: number;
  /**
   * From an incident's opening until its first action of effect began, in ms, of those that acted at once:
   * while workers, links and Temporal were being beaten. A wait for an approval is in it.
   */
  readonly toFirstActionMs: Waits;
  /** The same until that action was through: a restart drains, stops and starts meanwhile. */
  readonly throughFirstActionMs: Waits;
  /** Until it began, of those that another recovery on the same target kept waiting first. */
  readonly afterWaitingMs: Waits;
  /** Recovered, of those that changed anything. */
  readonly recovered: { readonly n: number; readonly of: number };
  readonly outcomes: Readonly<Record<string, number>>;
}

function waitsOf(all: readonly number[]): Waits {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), n: sorted.length };
}

/** The figures of one run. */
export function figuresOf({ incidents, timeline }: Evidence): Figures {
  const lines = groupBy(timeline, ({ incidentId, runId }) => `${incidentId} ${runId}`);
  const atOnce: number[] = [];
  const through: number[] = [];
  const afterWaiting: number[] = [];
  const outcomes: Record<string, number> = {};
  let recovered = 0;
  for (const { id, runId, openedAtMs, outcome } of incidents) {
    const own = [...(lines.get(`${id} ${runId}`) ?? [])].sort((a, b) => a.sequence - b.sequence);
    const index = own.findIndex(({ stage }) => stage === 'changed');
    const changed = own[index];
    if (changed !== undefined) {
      const before = own.slice(0, index);
      const hasWaited = before.some(({ stage }) => stage === 'waiting');
      const began = before.findLast(({ stage }) => stage === 'try') ?? changed;
      (hasWaited ? afterWaiting : atOnce).push(began.atMs - openedAtMs);
      if (!hasWaited) through.push(changed.atMs - openedAtMs);
      if (outcome === 'recovered') recovered += 1;
    }
    const word = outcome ?? 'none';
    outcomes[word] = (outcomes[word] ?? 0) + 1;
  }
  return {
    incidents: incidents.length,
    toFirstActionMs: waitsOf(atOnce),
    throughFirstActionMs: waitsOf(through),
    afterWaitingMs: waitsOf(afterWaiting),
    recovered: { n: recovered, of: atOnce.length + afterWaiting.length },
    outcomes,
  };
}
