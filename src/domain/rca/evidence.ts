import type { ChangeEvent, SeriesPoints } from '../ports.js';
import type { ActionName } from '../recovery/action.js';
import type { Direction } from '../sla/threshold.js';
import type { CallEdge } from './rank-input.js';

/** What a recovery step changed, and what came of it: an experiment on the fleet. */
export interface StepEvidence {
  readonly atMs: number;
  readonly action: ActionName;
  /** Undefined where it acted on the whole service. */
  readonly replica: string | undefined;
  readonly effect: 'recovered' | 'improved' | 'no-effect' | 'worse' | 'undecided';
  readonly summary: string;
}

/** An earlier incident of the same service: what was measured while it lasted is not what is normal. */
export interface PastIncident {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Text taken from a replica when the incident opened: engine statistics, process state, logs. */
export interface DiagnosticEvidence {
  readonly atMs: number;
  readonly service: string;
  readonly replica: string | undefined;
  /** E.g. `logs`, `process`, `engine`. */
  readonly kind: string;
  readonly text: string;
}

/**
 * All that is known of an incident. Plain data, JSON-able: it crosses processes and is archived.
 *
 * Times are Unix milliseconds. `topology` names services, or `service/replica` for single replicas; calls
 * from a service to its own replicas are understood. What could not be had is said in `missing`, in words.
 */
export interface IncidentEvidence {
  readonly incident: {
    readonly service: string;
    /** Undefined where the service as a whole violates its threshold. */
    readonly replica: string | undefined;
    readonly metric: string;
    /** `upper`: too high is bad. */
    readonly direction: Direction;
    /** When the violation began, as far as its detector knows. */
    readonly startedAtMs: number;
    readonly openedAtMs: number;
  };
  readonly series: readonly SeriesPoints[];
  readonly topology: readonly CallEdge[];
  readonly changes: readonly ChangeEvent[];
  /** What recoveries of other incidents set: known to the instant, so only what came before the onset counts. */
  readonly interventions: readonly ChangeEvent[];
  /** Earlier incidents of this service that ended within the window. */
  readonly pastIncidents: readonly PastIncident[];
  readonly steps: readonly StepEvidence[];
  readonly diagnostics: readonly DiagnosticEvidence[];
  readonly missing: readonly string[];
}

/** How a replica is called in topologies and rankings; the service itself without one. */
export function entityOf(service: string, replica: string | undefined): string {
  return replica === undefined ? service : `${service}/${replica}`;
}
