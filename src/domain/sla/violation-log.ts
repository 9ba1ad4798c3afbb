import type { SlaEvent } from './samples.js';
import type { Severity } from './severity.js';
import type { ViolationType } from './threshold.js';

const KEPT_MS = 24 * 3_600_000;

/** A violation of the last 24 hours, as statistics need it. */
export interface LoggedViolation {
  readonly fingerprint: string;
  readonly violationType: ViolationType;
  /** The gravest so far. */
  readonly severity: Severity;
  readonly openedAtMs: number;
  /** Undefined while open. */
  readonly resolvedAtMs: number | undefined;
}

/** The violations that are open or were opened in the last 24 hours, in order of opening. */
export class ViolationLog {
  #entries: LoggedViolation[];

  constructor(entries: readonly LoggedViolation[] = []) {
    this.#entries = [...entries];
  }

  /** Notes what an event says of a violation; other events are ignored. */
  note(event: SlaEvent): void {
    if (event.type === 'violation') {
      const { fingerprint, violationType, severity } = event.violation;
      this.#entries = this.#entries.filter(
        (e) => e.resolvedAtMs === undefined || e.openedAtMs > event.atMs - KEPT_MS,
      );
      const openedAtMs = event.atMs;
      this.#entries.push({
        fingerprint,
        violationType,
        severity,
        openedAtMs,
        resolvedAtMs: undefined,
      });
    } else if (event.type === 'severity' || event.type === 'resolved') {
      const { fingerprint, severity } = event.violation;
      const index = this.#entries.findLastIndex((e) => e.fingerprint === fingerprint);
      const entry = this.#entries[index];
      if (entry === undefined) return;
      const resolvedAtMs = event.type === 'resolved' ? event.atMs : undefined;
      this.#entries[index] = { ...entry, severity, resolvedAtMs };
    }
  }

  /** Those opened in the 24 hours before `nowMs`. */
  lastDay(nowMs: number): LoggedViolation[] {
    return this.#entries.filter(({ openedAtMs }) => openedAtMs > nowMs - KEPT_MS);
  }

  snapshot(): readonly LoggedViolation[] {
    return [...this.#entries];
  }
}
