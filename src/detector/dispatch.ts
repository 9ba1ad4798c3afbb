import type { SlaEvent } from '../domain/sla/samples.js';
import type { Severity } from '../domain/sla/severity.js';
import type { Violation } from '../domain/sla/violation.js';

/** Incidents as the detector reaches them. Every call may fail, and is then made again. */
export interface IncidentGate {
  /** Starts the violation's incident, or tells the one that is open that it is still so. */
  observe(violation: Violation): Promise<void>;
  /** False when no such incident is open. */
  resolve(
    fingerprint: string,
    seen: { atMs: number; value: number; why: string },
  ): Promise<boolean>;
  noData(fingerprint: string, atMs: number): Promise<boolean>;
  /** Fingerprints of the incidents that are open. */
  open(): Promise<readonly string[]>;
}

export interface DispatcherOptions {
  readonly gate: IncidentGate;
  /** While a violation is open its incident hears of it at least so often. */
  readonly tellEveryMs: number;
  /** How often open incidents are compared with open violations. */
  readonly reconcileEveryMs: number;
  readonly now: () => number;
  /** From the decision to the answer of Temporal. */
  readonly onDispatched?: (violation: Violation, elapsedMs: number) => void;
  readonly onFailed: (error: unknown, fingerprint: string) => void;
  /** Whether a violation of that fingerprint can be said to be over, though it was never seen to begin. */
  readonly isSurelyOver: (fingerprint: string) => boolean;
}

/** What one incident is still to hear. */
interface Pending {
  violation: Violation;
  want: 'observe' | 'resolve' | 'idle';
  why: string;
  atMs: number;
  isSilent: boolean;
  toldSilent: boolean;
  toldSeverity: Severity | undefined;
  toldAtMs: number;
  sinceMs: number;
  isBusy: boolean;
}

/**
 * Keeps incidents in step with violations, level-triggered: what is violated is compared with what its
 * incident was told, and the difference is told. A lost call, a Temporal outage and a restart all heal
 * by the next comparison. At most one call is under way for each incident.
 */
export class Dispatcher {
  readonly #pending = new Map<string, Pending>();
  #reconciledAtMs = -Infinity;
  #isReconciling = false;
  #isReachable: boolean | undefined;

  constructor(private readonly options: DispatcherOptions) {}

  /** Whether the last call reached Temporal; undefined before the first. */
  get isReachable(): boolean | undefined {
    return this.#isReachable;
  }

  /** Takes an event of the evaluation; what it causes is sent at once. */
  take(event: SlaEvent): void {
    switch (event.type) {
      case 'violation':
      case 'severity':
        this.#want(event.violation, 'observe', '', event.atMs);
        break;
      case 'resolved':
        this.#want(event.violation, 'resolve', whyOver(event), event.atMs);
        break;
      case 'no-data':
      case 'data-returned':
        for (const pending of this.#pending.values()) {
          const { metric, service, replica } = pending.violation;
          if (metric !== event.metric || service !== event.service || replica !== event.replica) {
            continue;
          }
          pending.isSilent = event.type === 'no-data';
          pending.toldSilent = false;
          pending.atMs = event.atMs;
          void this.#send(pending);
        }
        break;
      case 'breach':
      case 'anomaly':
        break;
    }
  }

  /** Compares with the violations that are open now; to be called every second or so. */
  tick(open: readonly Violation[]): void {
    const nowMs = this.options.now();
    for (const violation of open) this.#want(violation, 'observe', '', nowMs);
    for (const pending of this.#pending.values()) void this.#send(pending);
    if (nowMs - this.#reconciledAtMs >= this.options.reconcileEveryMs) void this.#reconcile(nowMs);
  }

  #want(violation: Violation, want: Pending['want'], why: string, atMs: number): void {
    const { fingerprint } = violation;
    const known = this.#pending.get(fingerprint);
    const pending: Pending = known ?? {
      ...{ violation, want, why, atMs, isSilent: false, toldSilent: false, isBusy: false },
      ...{ toldSeverity: undefined, toldAtMs: -Infinity, sinceMs: this.options.now() },
    };
    if (known === undefined) this.#pending.set(fingerprint, pending);
    if (pending.want !== want) {
      pending.sinceMs = this.options.now();
      if (want === 'observe') pending.toldAtMs = -Infinity;
    }
    Object.assign(pending, { violation, want, why, atMs });
    void this.#send(pending);
  }

  async #send(pending: Pending): Promise<void> {
    if (pending.isBusy) return;
    const { gate, now, tellEveryMs, onDispatched, onFailed } = this.options;
    const { violation, want } = pending;
    const { fingerprint, severity } = violation;
    const startedAtMs = now();
    pending.isBusy = true;
    try {
      if (want === 'observe') {
        const isDue = startedAtMs - pending.toldAtMs >= tellEveryMs;
        const isNew = pending.toldSeverity !== severity;
        if (pending.isSilent && !pending.toldSilent) {
          await gate.noData(fingerprint, pending.atMs);
          pending.toldSilent = true;
        } else if (!pending.isSilent && (isDue || isNew)) {
          await gate.observe(violation);
          if (pending.toldAtMs === -Infinity) onDispatched?.(violation, now() - pending.sinceMs);
          pending.toldAtMs = now();
          pending.toldSeverity = severity;
        } else return;
      } else if (want === 'resolve') {
        const { atMs, why } = pending;
        await gate.resolve(fingerprint, { atMs, value: violation.value, why });
        // It may have come back while the call was under way.
        if ((pending.want) === 'resolve') this.#pending.delete(fingerprint);
      }
      this.#isReachable = true;
    } catch (error) {
      this.#isReachable = false;
      onFailed(error, fingerprint);
    } finally {
      pending.isBusy = false;
    }
    // What changed meanwhile is sent now, not at the next tick.
    if (this.#isReachable && this.#pending.has(fingerprint) && pending.want !== want) {
      void this.#send(pending);
    }
  }

  /** Ends incidents whose violation is over, though this detector never saw it begin. */
  async #reconcile(nowMs: number): Promise<void> {
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    this.#reconciledAtMs = nowMs;
    const { gate, isSurelyOver, onFailed } = this.options;
    try {
      for (const fingerprint of await gate.open()) {
        if (this.#pending.has(fingerprint) || !isSurelyOver(fingerprint)) continue;
        const why = 'the SLI is inside its limit, though its end was not seen';
        await gate.resolve(fingerprint, { atMs: nowMs, value: Number.NaN, why });
      }
      this.#isReachable = true;
    } catch (error) {
      this.#isReachable = false;
      onFailed(error, '*');
    } finally {
      this.#isReconciling = false;
    }
  }
}

function whyOver(event: Extract<SlaEvent, { type: 'resolved' }>): string {
  const { metric, value, unit, limit } = event.violation;
  switch (event.because) {
    case 'compliant':
      return `${metric} is back inside its limit: ${value.toPrecision(4)} ${unit}, limit ${limit.toPrecision(4)}`;
    case 'no-demand':
      return 'nobody asks for the service any more: nothing can show it met or broken';
    case 'threshold-removed':
      return 'its threshold was removed or disabled';
    case 'forgotten':
      return 'its replica is gone from the fleet';
    case 'new-normal':
      return 'it has been so for so long that it is the baseline now';
  }
}
