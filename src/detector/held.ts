import { graver, type Severity } from '../domain/sla/severity.js';
import type { Violation } from '../domain/sla/violation.js';
import type { Origin } from './incident-gate.js';

/** One incident: who holds it open, and what it has been told. */
export interface Held {
  /** The detector's own violation, while it is open. */
  own: Violation | undefined;
  /** What others report, while they do. */
  reported: { readonly violation: Violation; readonly origin: Origin } | undefined;
  /** As last known, for the word at its end. */
  last: Violation;
  why: string;
  atMs: number;
  isSilent: boolean;
  toldSilent: boolean;
  toldSeverity: Severity | undefined;
  toldAtMs: number;
  isStarted: boolean;
  sinceMs: number;
  retryAtMs: number;
  isBusy: boolean;
}

/** One of which nothing is known yet but its violation. */
export function newlyHeld(violation: Violation, atMs: number, sinceMs: number): Held {
  return {
    ...{ own: undefined, reported: undefined, last: violation, why: '', atMs },
    ...{ isSilent: false, toldSilent: false, toldSeverity: undefined, toldAtMs: -Infinity },
    ...{ isStarted: false, sinceMs, retryAtMs: -Infinity, isBusy: false },
  };
}

/** What is violated, by whoever says so: our own measurement, with the gravest severity of both. */
export function together(own: Violation | undefined, reported: Violation | undefined) {
  if (own === undefined || reported === undefined) return own ?? reported;
  return { ...own, severity: graver(own.severity, reported.severity) };
}
