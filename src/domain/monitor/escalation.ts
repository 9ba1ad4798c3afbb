import { severityRank, type Severity } from '../sla/severity.js';
import type { AlertKind } from './alert-record.js';

/** One step of the ladder: who is told when nobody has acknowledged for so long. */
export interface EscalationLevel {
  /** Since the first page of the incident, in ms; 0 for the first level. */
  readonly afterMs: number;
  /** Names of channels. */
  readonly channels: readonly string[];
}

/** How alerts climb. */
export interface EscalationPolicy {
  /** At least one, with rising waits. */
  readonly levels: readonly EscalationLevel[];
  /** Least severity that climbs because nobody acknowledged. */
  readonly from: Severity;
}

/** Where an incident's alerts stand on the ladder. */
export interface Ladder {
  /** Level that was told; -1 before anybody was. */
  readonly level: number;
  readonly pagedAtMs: number | undefined;
  readonly severity: Severity;
  readonly isAcknowledged: boolean;
}

/** Nobody was told yet. */
export const AT_THE_FOOT: Ladder = {
  level: -1,
  pagedAtMs: undefined,
  severity: 'minor',
  isAcknowledged: false,
};

/**
 * The ladder after an alert of that kind was decided to be sent. A critical violation, and a recovery
 * that failed for a violation that is major or worse, go one level above the first at once; an
 * acknowledged incident climbs no further. `hasFailed` counts for `recovery` only.
 */
export function climb(
  ladder: Ladder,
  event: { readonly kind: AlertKind; readonly severity: Severity; readonly hasFailed: boolean },
  policy: EscalationPolicy,
  nowMs: number,
): Ladder {
  const { severity } = event;
  const top = policy.levels.length - 1;
  const next = { ...ladder, severity, pagedAtMs: ladder.pagedAtMs ?? nowMs };
  if (ladder.isAcknowledged) return { ...next, level: Math.max(0, ladder.level) };
  return { ...next, level: Math.min(top, Math.max(ladder.level, leastLevel(event))) };
}

function leastLevel(event: { kind: AlertKind; severity: Severity; hasFailed: boolean }): number {
  const rank = severityRank(event.severity);
  const isFailure =
    event.kind === 'rollback-incomplete' || (event.kind === 'recovery' && event.hasFailed);
  if (isFailure && rank >= severityRank('major')) return 1;
  return rank >= severityRank('critical') ? 1 : 0;
}

/** The next level that is due because nobody acknowledged, and when; undefined when none is. */
export function nextRung(
  ladder: Ladder,
  policy: EscalationPolicy,
): { readonly level: number; readonly atMs: number } | undefined {
  const { level, pagedAtMs, severity, isAcknowledged } = ladder;
  if (pagedAtMs === undefined || isAcknowledged) return undefined;
  if (severityRank(severity) < severityRank(policy.from)) return undefined;
  const next = policy.levels[level + 1];
  return next === undefined ? undefined : { level: level + 1, atMs: pagedAtMs + next.afterMs };
}

/** Everybody up to a level, each once, in order. */
export function channelsUpTo(level: number, levels: readonly EscalationLevel[]): readonly string[] {
  return [...new Set(levels.slice(0, level + 1).flatMap(({ channels }) => channels))];
}
