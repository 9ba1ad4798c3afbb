import type { Threshold } from '../domain/sla/threshold.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { MeasureId, SliDefinition } from './sli-catalogue.js';

interface Choice {
  rank: number;
  measure: MeasureId;
  atMs: number;
}

/**
 * Decides which of several sources feeds an SLI of a scope. A better source takes over at once; a
 * worse one only after the better has been silent for long, since values of different sources in one
 * window (time to first token after whole requests) would look like a change of the service.
 */
export class SourceChoice {
  readonly #choices = new Map<string, Choice>();
  #leastLimits: ReadonlyMap<string, number> = new Map();

  constructor(private readonly forgetMs: number) {}

  /** The thresholds whose limits a histogram must be able to resolve. */
  setThresholds(thresholds: readonly Threshold[]): void {
    const limits = new Map<string, number>();
    for (const threshold of thresholds) {
      if (!threshold.enabled || threshold.direction !== 'upper') continue;
      const limit = limitOf(threshold);
      limits.set(threshold.metric, Math.min(limit, limits.get(threshold.metric) ?? Infinity));
    }
    this.#leastLimits = limits;
  }

  /**
   * True when a histogram can tell a good value of this SLI from a bad one: when its first bucket ends
   * above the limit, every good request reads as a share of that bucket, i.e. as a breach.
   */
  canResolve(sli: SliDefinition, bounds: Float64Array): boolean {
    const limit = this.#leastLimits.get(sli.metric);
    return limit === undefined || bounds[0]! * sli.factor <= limit;
  }

  /** Whether the source of this rank is the one to use now, at `atMs`; it then becomes it. */
  accept(
    sli: SliDefinition,
    replica: string | undefined,
    rank: number,
    measure: MeasureId,
    atMs: number,
  ): boolean {
    const key = `${sli.metric}|${replica ?? ''}`;
    const choice = this.#choices.get(key);
    if (choice === undefined) {
      this.#choices.set(key, { rank, measure, atMs });
      return true;
    }
    if (rank > choice.rank && atMs - choice.atMs < this.forgetMs) return false;
    choice.rank = rank;
    choice.measure = measure;
    choice.atMs = Math.max(choice.atMs, atMs);
    return true;
  }

  /** The source in use for an SLI of a scope. */
  chosen(metric: string, replica: string | undefined): MeasureId | undefined {
    return this.#choices.get(`${metric}|${replica ?? ''}`)?.measure;
  }
}
