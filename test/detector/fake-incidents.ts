import type { IncidentGate, OpenIncident, Origin } from '../../src/detector/incident-gate.js';
import { fingerprintOf, type Violation } from '../../src/domain/sla/violation.js';

/** An incident as its workflow would know it. */
export interface FakeIncident {
  severity: Violation['severity'];
  isSilent: boolean;
  observed: number;
  origin: Origin | undefined;
}

/** Temporal's incidents: they outlive detectors, and calls to them fail or lose their answers. */
export class FakeIncidents implements IncidentGate {
  readonly open_ = new Map<string, FakeIncident>();
  /** Every start and end, in order. */
  readonly story: string[] = [];
  calls = 0;
  isDown = false;
  /** Calls that take effect, and whose answers are then lost. */
  answersToLose = 0;
  /** Calls under way at most, for each incident. */
  mostAtOnce = 0;
  /** Where set, calls wait for it. */
  hold: Promise<void> | undefined;
  readonly #atOnce = new Map<string, number>();

  observe(violation: Violation, origin?: Origin): Promise<void> {
    const { fingerprint, severity } = violation;
    return this.#call(fingerprint, () => {
      const known = this.open_.get(fingerprint);
      if (known === undefined) this.story.push(`start ${fingerprint}`);
      const isGraver = known !== undefined && known.severity !== severity;
      if (isGraver) this.story.push(`severity ${severity}`);
      this.open_.set(fingerprint, {
        ...{ severity, isSilent: false, observed: (known?.observed ?? 0) + 1 },
        origin: known === undefined ? origin : known.origin,
      });
    });
  }

  resolve(fingerprint: string, seen: { why: string }): Promise<boolean> {
    return this.#call(fingerprint, () => {
      const isThere = this.open_.delete(fingerprint);
      if (isThere) this.story.push(`end ${fingerprint}: ${seen.why}`);
      return isThere;
    });
  }

  noData(fingerprint: string): Promise<boolean> {
    return this.#call(fingerprint, () => {
      const known = this.open_.get(fingerprint);
      if (known !== undefined) known.isSilent = true;
      this.story.push(`silent ${fingerprint}`);
      return known !== undefined;
    });
  }

  open(): Promise<readonly OpenIncident[]> {
    return this.#call('*', () =>
      [...this.open_].map(([fingerprint, { origin }]) => ({
        fingerprint,
        heldUntilMs: origin?.untilMs,
      })),
    );
  }

  async #call<T>(key: string, act: () => T): Promise<T> {
    this.calls += 1;
    const atOnce = (this.#atOnce.get(key) ?? 0) + 1;
    this.#atOnce.set(key, atOnce);
    this.mostAtOnce = Math.max(this.mostAtOnce, atOnce);
    try {
      await (this.hold ?? Promise.resolve());
      if (this.isDown) throw new Error('UNAVAILABLE');
      const result = act();
      if (this.answersToLose > 0) {
        this.answersToLose -= 1;
        throw new Error('DEADLINE_EXCEEDED');
      }
      return result;
    } finally {
      this.#atOnce.set(key, atOnce - 1);
    }
  }
}

/** A violation of the p95 of a replica of `chat`. */
export function violation(given: Partial<Violation> = {}): Violation {
  const scope = { service: 'chat', replica: 'replica' in given ? given.replica : 'e1' };
  const threshold = given.threshold ?? 'request_latency_p95';
  return {
    ...scope,
    fingerprint: fingerprintOf(scope, threshold),
    threshold,
    metric: threshold,
    violationType: 'latency_breach',
    severity: 'minor',
    value: 260,
    limit: 250,
    unit: 'ms',
    direction: 'upper',
    windowMs: 300_000,
    startedAtMs: 0,
    detectedAtMs: 0,
    ...given,
  };
}
