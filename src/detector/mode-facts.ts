import type { SourceFacts } from '../domain/monitor/monitor-state.js';
import type { Violation } from '../domain/sla/violation.js';

/** What the mode's facts are told with. */
export interface ModeFactsOptions {
  /** Who speaks: stable over restarts, different for each detector. */
  readonly source: string;
  readonly tell: (facts: SourceFacts) => Promise<void>;
  /** Said again after this, changed or not. */
  readonly repeatEveryMs: number;
  readonly retryEveryMs: number;
  readonly now: () => number;
}

/** More open violations than that change no mode. */
const MAX_TOLD = 50;

/**
 * Tells the monitor what decides the mode, level-triggered: when it changes, every few minutes, and
 * again when a call failed. Compliance counts by the rule's own bounds, so that its wobble is no news.
 */
export class ModeFactsTeller {
  #told = '';
  #toldAtMs = -Infinity;
  #retryAtMs = -Infinity;
  #isBusy = false;

  constructor(private readonly options: ModeFactsOptions) {}

  /** To be called every second or so; `compliancePercent` is asked for once a call at most. */
  tick(open: readonly Violation[], compliancePercent: number): void {
    const { source, now, repeatEveryMs } = this.options;
    const nowMs = now();
    if (this.#isBusy || nowMs < this.#retryAtMs) return;
    const active = open
      .slice(0, MAX_TOLD)
      .map(({ fingerprint, severity }) => ({ fingerprint, severity }));
    const band = [95, 99].filter((bound) => compliancePercent >= bound).length;
    const words = JSON.stringify([active, band]);
    if (words === this.#told && nowMs - this.#toldAtMs < repeatEveryMs) return;
    void this.#tell({ source, atMs: nowMs, active, compliancePercent }, words);
  }

  async #tell(facts: SourceFacts, words: string): Promise<void> {
    const { tell, now, retryEveryMs } = this.options;
    this.#isBusy = true;
    try {
      await tell(facts);
      this.#told = words;
      this.#toldAtMs = facts.atMs;
    } catch {
      // The dispatcher says that Temporal is away.
      this.#retryAtMs = now() + retryEveryMs;
    } finally {
      this.#isBusy = false;
    }
  }
}
