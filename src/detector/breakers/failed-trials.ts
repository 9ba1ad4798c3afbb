import type { Breaker } from '../../domain/recovery/breaker.js';
import type { BreakerKind, BreakerSettings } from '../../domain/recovery/breaker-kinds.js';
import {
  failedTrialsFingerprint,
  failedTrialsViolation,
  type ReplicaBreakers,
} from '../../domain/recovery/failed-trials.js';
import type { SlaEvent } from '../../domain/sla/samples.js';
import type { Violation } from '../../domain/sla/violation.js';
import type { Target } from '../../workflows/messages.js';

/** What of the breakers' fast path decides. */
export interface TrialWatch {
  states(): readonly {
    readonly target: Target;
    readonly kind: BreakerKind;
    readonly breaker: Breaker;
    readonly settings: BreakerSettings;
  }[];
  /** Whether the workflows' own states were ever read. */
  readonly isSynced: boolean;
}

/**
 * Replicas whose breakers were given their trials and failed them, as violations: level-triggered, from
 * the state that the breakers' workflows keep, so that a restart finds the same ones open.
 */
export class FailedTrials {
  readonly #open = new Map<string, Violation>();

  /** `mayAct`: whether the configuration lets breakers act unasked; else none keeps anything away. */
  constructor(
    private readonly watch: TrialWatch,
    private readonly mayAct: boolean,
  ) {}

  /** What changed as of `nowMs`. */
  judge(nowMs: number): SlaEvent[] {
    const events: SlaEvent[] = [];
    const now = new Map(this.#violations().map((one) => [one.fingerprint, one]));
    for (const [fingerprint, violation] of this.#open) {
      if (now.has(fingerprint)) continue;
      this.#open.delete(fingerprint);
      events.push({ type: 'resolved', atMs: nowMs, violation, because: 'breaker' });
    }
    for (const [fingerprint, violation] of now) {
      const isNews = !this.#open.has(fingerprint);
      this.#open.set(fingerprint, violation);
      if (isNews) events.push({ type: 'violation', atMs: nowMs, violation });
    }
    return events;
  }

  open(): readonly Violation[] {
    return [...this.#open.values()];
  }

  /** Whether that fingerprint is such a replica's, and its breakers are known to be well. */
  isOver(fingerprint: string): boolean {
    if (!this.watch.isSynced || this.#open.has(fingerprint)) return false;
    return this.watch
      .states()
      .some(
        ({ target: { service, replica } }) =>
          replica !== undefined && failedTrialsFingerprint(service, replica) === fingerprint,
      );
  }

  /** Asked several times a second: of a large fleet only the few whose trials failed are looked at. */
  #violations(): Violation[] {
    const found = new Map<string, ReplicaBreakers & { of: ReplicaBreakers['of'][number][] }>();
    for (const { target, kind, breaker, settings: given } of this.watch.states()) {
      const { service, replica } = target;
      if (replica === undefined || breaker.failedTrials === 0) continue;
      const key = failedTrialsFingerprint(service, replica);
      const one = found.get(key) ?? { service, replica, of: [] };
      const settings = { ...given, enforce: given.enforce && this.mayAct };
      one.of.push({ kind, breaker, settings });
      found.set(key, one);
    }
    return [...found.values()].flatMap((one) => failedTrialsViolation(one) ?? []);
  }
}
