import type { Paged } from '../domain/monitor/alert.js';
import type { SlaEvent } from '../domain/sla/samples.js';
import { graver, type Severity } from '../domain/sla/severity.js';
import type { Violation } from '../domain/sla/violation.js';
import type { Elsewhere } from './elsewhere.js';
import { newlyHeld, together, type Held } from './held.js';
import type { IncidentGate, Origin } from './incident-gate.js';
import { whyOver } from './why-over.js';

export interface DispatcherOptions {
  readonly gate: IncidentGate;
  /** While a violation is open its incident hears of it at least so often. */
  readonly tellEveryMs: number;
  /** How often open incidents are compared with open violations. */
  readonly reconcileEveryMs: number;
  /** A call that failed is made again after this. */
  readonly retryEveryMs: number;
  readonly now: () => number;
  /** An incident was started, or found open; the time from the decision to the answer of Temporal. */
  readonly onDispatched?: (violation: Violation, elapsedMs: number) => void;
  /** Each call's end. */
  readonly onCalled?: (kind: 'start' | 'signal', isOk: boolean) => void;
  /** Told of the first failure in a row; `isReachable` says when it is over. */
  readonly onFailed: (error: unknown, fingerprint: string) => void;
  /** Why a violation of that fingerprint is over, though it was never seen to begin; undefined: it may go on. */
  readonly whyUnseenOver: (fingerprint: string) => string | undefined;
  /** The other detectors that watch the same. */
  readonly neighbours?: Elsewhere | undefined;
  /** Whether its incident is this detector's to end; others are left alone. */
  readonly isOwn?: ((fingerprint: string) => boolean) | undefined;
  /** What people were told of it while Temporal was away, and its incident was not. */
  readonly pagedOf?: (fingerprint: string) => Paged | undefined;
  /** Its incident knows that now. */
  readonly onHandedOver?: (fingerprint: string, paged: Paged) => void;
}

/**
 * Calls at a time. Each has a deadline: hundreds at once that a busy server answers one after the other
 * would all miss it, be made again, and keep it busy with what nobody waits for any more.
 */
const MAX_CALLS = 8;

/** A violation that is held open, and what its incident was told of it. */
export interface Standing {
  readonly violation: Violation;
  /** Severity that its incident knows; undefined while it has none. */
  readonly toldSeverity: Severity | undefined;
}

/**
 * Keeps incidents in step with violations, level-triggered: what is violated, or reported by others,
 * is compared with what its incident was told, and the difference is told. A lost call, a Temporal
 * outage and a restart all heal by the next comparison. An incident ends when nobody holds it open any
 * more. At most one call is under way for each incident.
 */
export class Dispatcher {
  readonly #held = new Map<string, Held>();
  #reconciledAtMs = -Infinity;
  #isReconciling = false;
  #isReachable: boolean | undefined;
  #calls = 0;

  constructor(private readonly options: DispatcherOptions) {}

  /** Whether the last call reached Temporal; undefined before the first. */
  get isReachable(): boolean | undefined {
    return this.#isReachable;
  }

  /** The violations that are held open now, by whoever. */
  held(): readonly Violation[] {
    return this.standing().map(({ violation }) => violation);
  }

  /** The same with what their incidents know. */
  standing(): readonly Standing[] {
    return [...this.#held.values()].flatMap((held) => {
      const violation = together(held.own, held.reported?.violation);
      if (violation === undefined) return [];
      return { violation, toldSeverity: held.isStarted ? held.toldSeverity : undefined };
    });
  }

  /** Takes an event of the evaluation; what it causes is sent at once. */
  take(event: SlaEvent): void {
    switch (event.type) {
      case 'violation':
      case 'severity':
        this.#own(event.violation, event.atMs);
        break;
      case 'resolved': {
        const held = this.#of(event.violation, event.atMs);
        held.own = undefined;
        this.#changed(held, event.violation, event.atMs, whyOver(event));
        break;
      }
      case 'no-data':
      case 'data-returned':
        for (const held of this.#held.values()) {
          const { metric, service, replica } = held.last;
          if (metric !== event.metric || service !== event.service || replica !== event.replica) {
            continue;
          }
          held.isSilent = event.type === 'no-data';
          held.toldSilent = false;
          // Its incident believes it silent until it hears of it again.
          if (!held.isSilent) held.toldAtMs = -Infinity;
          held.atMs = event.atMs;
          void this.#send(held);
        }
        break;
      case 'breach':
      case 'anomaly':
        break;
    }
  }

  /** Holds an incident open on behalf of others, until `letGo`; started if it is not open. */
  hold(violation: Violation, origin: Origin): void {
    const held = this.#of(violation, violation.detectedAtMs);
    const before = held.reported?.violation.severity ?? violation.severity;
    const graved = { ...violation, severity: graver(before, violation.severity) };
    held.reported = { violation: graved, origin };
    this.#changed(held, graved, violation.detectedAtMs, '');
  }

  /** The others report it no longer: it ends, unless the detector's own violation holds it. */
  letGo(fingerprint: string, why: string, atMs: number): void {
    const held = this.#held.get(fingerprint);
    if (held === undefined) return;
    held.reported = undefined;
    this.#changed(held, held.last, atMs, why);
  }

  /** Compares with the violations that are open now; to be called every second or so. */
  tick(open: readonly Violation[]): void {
    const nowMs = this.options.now();
    for (const violation of open) this.#own(violation, nowMs);
    this.#sendAll();
    if (nowMs - this.#reconciledAtMs >= this.options.reconcileEveryMs) void this.#reconcile(nowMs);
  }

  #own(violation: Violation, atMs: number): void {
    const held = this.#of(violation, atMs);
    held.own = violation;
    this.#changed(held, violation, atMs, '');
  }

  #of(violation: Violation, atMs: number): Held {
    const { fingerprint } = violation;
    const known = this.#held.get(fingerprint);
    if (known !== undefined) return known;
    const held = newlyHeld(violation, atMs, this.options.now());
    this.#held.set(fingerprint, held);
    return held;
  }

  #changed(held: Held, last: Violation, atMs: number, why: string): void {
    Object.assign(held, { last, atMs, why });
    void this.#send(held);
  }

  /** What has no incident yet comes first: that others are told again can wait. */
  #sendAll(): void {
    for (const isStarted of [false, true]) {
      for (const held of this.#held.values()) {
        if (this.#calls >= MAX_CALLS) return;
        if (held.isStarted === isStarted) void this.#send(held);
      }
    }
  }

  async #send(held: Held): Promise<void> {
    const { now, retryEveryMs, onCalled } = this.options;
    if (held.isBusy || now() < held.retryAtMs || this.#calls >= MAX_CALLS) return;
    const call = this.#nextCall(held);
    if (call === undefined) return;
    held.isBusy = true;
    this.#calls += 1;
    try {
      await call.run();
      this.#isReachable = true;
      onCalled?.(call.kind, true);
    } catch (error) {
      held.retryAtMs = now() + retryEveryMs;
      onCalled?.(call.kind, false);
      this.#failed(error, held.last.fingerprint);
      return;
    } finally {
      held.isBusy = false;
      this.#calls -= 1;
    }
    // What changed meanwhile is sent now, not at the next tick.
    if (this.#held.get(held.last.fingerprint) === held) void this.#send(held);
    this.#sendAll();
  }

  /** What the incident is to hear next; undefined when it knows all. */
  #nextCall(held: Held): { kind: 'start' | 'signal'; run: () => Promise<void> } | undefined {
    const { gate, now, tellEveryMs, onDispatched, neighbours } = this.options;
    const { own, reported } = held;
    const { fingerprint } = held.last;
    const violation = together(own, reported?.violation);
    if (violation === undefined) {
      // The last one that holds it ends it; it is asked again with the next tick.
      if (neighbours?.holds(fingerprint) === true) return undefined;
      const { atMs, why } = held;
      return {
        kind: 'signal',
        run: async () => {
          await gate.resolve(fingerprint, { atMs, value: held.last.value, why });
          // It may have come back while the call was under way: then it is to be started anew.
          if (held.own === undefined && held.reported === undefined) this.#held.delete(fingerprint);
          else Object.assign(held, { isStarted: false, toldAtMs: -Infinity, sinceMs: now() });
        },
      };
    }
    // Who reports it from outside is not silent because our own samples are.
    const isSilent = held.isSilent && reported === undefined;
    const isDue = now() - held.toldAtMs >= tellEveryMs;
    const isNew = held.toldSeverity !== violation.severity;
    if (!held.isStarted || isNew || (!isSilent && isDue)) {
      // That one has to tell its incident so first.
      if (!held.isStarted && neighbours?.hasPaged(fingerprint) === true) return undefined;
      const origin = own === undefined ? reported?.origin : undefined;
      return {
        kind: held.isStarted ? 'signal' : 'start',
        run: async () => {
          const paged = this.options.pagedOf?.(fingerprint);
          await gate.observe(violation, origin, paged);
          if (paged !== undefined) this.options.onHandedOver?.(fingerprint, paged);
          if (!held.isStarted) onDispatched?.(violation, now() - held.sinceMs);
          Object.assign(held, {
            isStarted: true,
            toldAtMs: now(),
            toldSeverity: violation.severity,
            // An incident that hears of its violation believes that it is measured.
            toldSilent: false,
          });
        },
      };
    }
    if (!isSilent || held.toldSilent) return undefined;
    return {
      kind: 'signal',
      run: async () => {
        await gate.noData(fingerprint, held.atMs);
        held.toldSilent = true;
      },
    };
  }

  /** Ends incidents that nobody holds any more, though their end was not seen. */
  async #reconcile(nowMs: number): Promise<void> {
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    this.#reconciledAtMs = nowMs;
    const { gate, whyUnseenOver, isOwn, neighbours } = this.options;
    try {
      for (const { fingerprint, heldUntilMs } of await gate.open()) {
        if (this.#held.has(fingerprint) || isOwn?.(fingerprint) === false) continue;
        if (neighbours?.holds(fingerprint) === true) continue;
        // One that others opened is not judged by our samples, only by the time that they gave it.
        const why =
          heldUntilMs === undefined
            ? whyUnseenOver(fingerprint)
            : nowMs > heldUntilMs
              ? 'its source has neither repeated nor resolved it in time'
              : undefined;
        if (why === undefined) continue;
        await gate.resolve(fingerprint, { atMs: nowMs, value: Number.NaN, why });
      }
      this.#isReachable = true;
    } catch (error) {
      this.#failed(error, '*');
    } finally {
      this.#isReconciling = false;
    }
  }

  #failed(error: unknown, fingerprint: string): void {
    // An outage is one thing to tell, not four a second for each incident.
    const isNews = this.#isReachable !== false;
    this.#isReachable = false;
    if (isNews) this.options.onFailed(error, fingerprint);
  }
}
