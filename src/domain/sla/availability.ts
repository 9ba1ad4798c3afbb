import type { Threshold } from './threshold.js';

/** The metric of availability: 1 while a replica serves, 0 while it does not. */
export const AVAILABILITY_METRIC = 'up';

/**
 * Availability of a replica. An addition to the design document's seven thresholds, which name no
 * metric for their sixth violation type, `availability_loss`. Half a minute: long enough for a
 * restart of the exporter not to count, short enough for a dead engine (it is widened to five
 * samples where those are rarer).
 */
export const REPLICA_AVAILABILITY: Threshold = {
  name: 'replica_availability',
  metric: AVAILABILITY_METRIC,
  target: 1,
  tolerancePercent: 50,
  direction: 'lower',
  unit: 'bool',
  windowMs: 30_000,
  sustainedPercent: 80,
  violationType: 'availability_loss',
  enabled: true,
  minDemandPerSecond: undefined,
};

/** What is known of an engine at one instant. */
export interface EngineSample {
  readonly atMs: number;
  /** Requests in the running batch. */
  readonly running: number;
  /** Requests in the queue. */
  readonly waiting: number;
  /** Tokens generated since the engine started; falls on a restart. */
  readonly generatedTokens: number;
}

/** How long an engine may have work and generate nothing. Prefill of a long prompt takes seconds. */
const HUNG_AFTER_MS = 15_000;

/**
 * True when an engine had work (requests running or waiting) at every sample of the last
 * `hungAfterMs` and generated no token: a hung core, whose `/health` goes on answering 200.
 *
 * `window` is in time order. False when it does not reach that far back, when its samples leave a
 * gap of more than `hungAfterMs`, or when the token counter moved in either direction (a restart).
 */
export function isHung(window: readonly EngineSample[], hungAfterMs = HUNG_AFTER_MS): boolean {
  const last = window.at(-1);
  if (last === undefined) return false;
  let next = last;
  for (let i = window.length - 1; i >= 0; i -= 1) {
    const sample = window[i]!;
    const hasWork = sample.running > 0 || sample.waiting > 0;
    const isStill = sample.generatedTokens === last.generatedTokens;
    if (!hasWork || !isStill || next.atMs - sample.atMs > hungAfterMs) return false;
    if (last.atMs - sample.atMs >= hungAfterMs) return true;
    next = sample;
  }
  return false;
}

/** What the last look at a replica showed; undefined: not looked at. */
export interface ReplicaProbe {
  /** Its metrics could be read. */
  readonly isScraped: boolean;
  /** Its health probe succeeded. */
  readonly isHealthy: boolean | undefined;
  readonly isHung: boolean;
}

/** The sample of `AVAILABILITY_METRIC` for a probe: 1 if the replica serves, else 0. */
export function availabilityOf(probe: ReplicaProbe): 0 | 1 {
  return probe.isScraped && probe.isHealthy !== false && !probe.isHung ? 1 : 0;
}
