import type { Severity } from './severity.js';
import type { Direction, ViolationType } from './threshold.js';

/** What a violation is about: a service, or one replica of it. */
export interface Scope {
  readonly service: string;
  /** Undefined for the whole service. */
  readonly replica: string | undefined;
}

/**
 * The stable key of a violation: everything that dedups it, and its incident's workflow id, derive
 * from it. `:` separates, so names are percent-encoded where they hold one; `/` never appears, since
 * Temporal's UI answers 400 to it.
 */
export function fingerprintOf(scope: Scope, threshold: string): string {
  const part = (name: string) => name.replace(/[%:/\s]/g, (c) => encodeURIComponent(c));
  return [
    part(scope.service),
    scope.replica === undefined ? '*' : part(scope.replica),
    part(threshold),
  ].join(':');
}

/** What the violation of that key is about. A replica that is called `*` passes for the service. */
export function scopeOf(fingerprint: string): Scope {
  const [service = '', replica] = fingerprint.split(':').map(decodeURIComponent);
  return { service, replica: replica === '*' ? undefined : replica };
}

/** A violation as it goes from the detector to its incident: small, plain and complete. */
export interface Violation {
  readonly fingerprint: string;
  readonly service: string;
  readonly replica: string | undefined;
  readonly threshold: string;
  readonly metric: string;
  readonly violationType: ViolationType;
  readonly severity: Severity;
  /** Median of the window, in the threshold's unit. */
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly direction: Direction;
  /** Window of the threshold in force. */
  readonly windowMs: number;
  /** The first breaching sample of this episode. */
  readonly startedAtMs: number;
  /** The sample with which the criteria were met. */
  readonly detectedAtMs: number;
  /** What else was seen of it, in words, where the figures do not say all. */
  readonly evidence?: string | undefined;
}
