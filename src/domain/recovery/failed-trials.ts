import { fingerprintOf, type Violation } from '../sla/violation.js';
import { BY_RULE, type Breaker } from './breaker.js';
import { BREAKER_KINDS, type BreakerKind, type BreakerSettings } from './breaker-kinds.js';

/** What such an incident counts: no sample has this name, a breaker's trials are its only measure. */
export const FAILED_TRIALS_METRIC = 'breaker_failed_trials';
/** Stands in for a threshold's name in the fingerprint. */
const FAILED_TRIALS_THRESHOLD = 'breaker_trials';

/** The breakers of one replica, with the settings that hold for each. */
export interface ReplicaBreakers {
  readonly service: string;
  readonly replica: string;
  readonly of: readonly {
    readonly kind: BreakerKind;
    readonly breaker: Breaker;
    readonly settings: BreakerSettings;
  }[];
}

/** Fingerprint of the incident of a replica whose trials keep failing: one, whichever breakers fail. */
export function failedTrialsFingerprint(service: string, replica: string): string {
  return fingerprintOf({ service, replica }, FAILED_TRIALS_THRESHOLD);
}

/**
 * The violation of a replica whose breaker was given its trials, and failed them: kept away from
 * requests it shows in no SLI, and nobody would learn that it is broken for good.
 *
 * Undefined while fewer trials failed than the kind allows, where the kind is not enforced, once the
 * breaker has closed, and while it is isolated: then a person has it. Its value is the trials of the kind
 * that is furthest beyond, and its limit the most that are borne; `windowMs` is the time from one trial to
 * the next.
 */
export function failedTrialsViolation(given: ReplicaBreakers): Violation | undefined {
  const failing = given.of.filter(({ breaker, settings }) => isFailing(breaker, settings));
  const [first, ...others] = [...failing].sort((a, b) => beyond(b) - beyond(a));
  if (first === undefined) return undefined;
  const { service, replica } = given;
  const { breaker, settings } = first;
  return {
    fingerprint: failedTrialsFingerprint(service, replica),
    ...{ service, replica, threshold: FAILED_TRIALS_THRESHOLD, metric: FAILED_TRIALS_METRIC },
    violationType: 'error_rate_spike',
    // A part of the capacity is gone, and no request fails of it any more.
    severity: 'major',
    value: breaker.failedTrials,
    limit: settings.incidentAfterTrials - 1,
    unit: 'trials',
    direction: 'upper',
    windowMs: settings.openMs,
    startedAtMs: Math.min(...failing.map((one) => openedAtMs(one.breaker))),
    detectedAtMs: breaker.sinceMs,
    evidence: [first, ...others].map(evidenceOf).join('; '),
  };
}

/** The kinds whose trials may open an incident. */
export function trialKinds(
  settings: Readonly<Record<BreakerKind, BreakerSettings>>,
): readonly BreakerKind[] {
  return BREAKER_KINDS.filter((kind) => settings[kind].incidentAfterTrials > 0);
}

function isFailing(
  { status, failedTrials, by }: Breaker,
  { incidentAfterTrials, enforce }: BreakerSettings,
): boolean {
  if (status === 'closed' || status === 'isolated' || incidentAfterTrials === 0) return false;
  // One that is open in name only leaves its replica in service, where thresholds find what it does.
  const isForced = enforce || by !== BY_RULE;
  return isForced && failedTrials >= incidentAfterTrials;
}

const beyond = ({ breaker, settings }: ReplicaBreakers['of'][number]) =>
  breaker.failedTrials - settings.incidentAfterTrials;

const openedAtMs = (breaker: Breaker) =>
  'openedAtMs' in breaker ? breaker.openedAtMs : breaker.sinceMs;

function evidenceOf({ kind, breaker }: ReplicaBreakers['of'][number]): string {
  const errors = [...new Set(breaker.trialErrors.filter((text) => text !== ''))];
  const said = errors.length === 0 ? '' : ` (${errors.join(' | ')})`;
  const { failedTrials } = breaker;
  return `breaker ${kind} opened ${failedTrials + 1} times, ${failedTrials} trials failed${said}`;
}
