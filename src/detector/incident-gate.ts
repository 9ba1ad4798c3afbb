import type { Paged } from '../domain/monitor/alert.js';
import type { Violation } from '../domain/sla/violation.js';
import type { IncidentInput } from '../workflows/messages.js';

/** Who reports an incident, when it is not the detector's own measurement. */
export interface Origin {
  readonly source: Exclude<IncidentInput['source'], 'detector'>;
  /** What the source says of it, in words. */
  readonly evidence: string | undefined;
  /** Over then, unless it is repeated. */
  readonly untilMs: number;
}

/** An incident that is open, as Temporal knows it. */
export interface OpenIncident {
  readonly fingerprint: string;
  /** Until when its source held it open as it was started; undefined for the detector's own. */
  readonly heldUntilMs: number | undefined;
}

/** Incidents as the detector reaches them. Every call may fail, and is then made again. */
export interface IncidentGate {
  /**
   * Starts the violation's incident, or tells the one that is open that it is still so; `paged` when
   * people were told of it while Temporal was away.
   */
  observe(violation: Violation, origin?: Origin, paged?: Paged): Promise<void>;
  /** False when no such incident is open. */
  resolve(
    fingerprint: string,
    seen: { atMs: number; value: number; why: string },
  ): Promise<boolean>;
  noData(fingerprint: string, atMs: number): Promise<boolean>;
  /** The incidents that are open. */
  open(): Promise<readonly OpenIncident[]>;
}
