import type { Severity } from './severity.js';
import type { Direction, ViolationType } from './threshold.js';

/**
 * How a scope stands against its limit.
 *
 * `leaning`: not sustained yet, but three quarters of the way there: too bad to be called good when
 * it is asked whether a replica is alone with its trouble.
 */
export type Standing = 'fine' | 'leaning' | 'sustained';

/** What a judged scope says of itself when a violation is opened or changes. */
export interface Finding {
  readonly value: number;
  readonly limit: number;
  readonly severity: Severity;
  readonly startedAtMs: number;
  readonly windowMs: number;
}

/** One scope (a replica, or the service's own series) under one rule, as `ScopeGroup` needs it. */
export interface Member {
  /** Undefined: the service's own series. */
  readonly replica: string | undefined;
  /** Without fresh samples: it says nothing, for or against. */
  isStale: boolean;
  /** While a violation of it is open; what is learned of normal times is frozen then. */
  isOpen: boolean;
  readonly standing: Standing;
  /** Back inside the limit, and long enough. */
  readonly isRecovered: boolean;
  /** Without demand for so long that nothing can be said any more. */
  readonly isIdle: boolean;
  /** Judged old enough to be what is normal now. */
  readonly isAdopted: boolean;
  readonly severityRank: number;
  readonly windowMs: number;
  finding(): Finding;
}

/** What a group's violations have in common. */
export interface Rule {
  /** The threshold's name, part of the fingerprint. */
  readonly name: string;
  readonly metric: string;
  readonly violationType: ViolationType;
  readonly unit: string;
  readonly direction: Direction;
}
