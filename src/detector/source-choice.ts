import type { Threshold } from '../domain/sla/threshold.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { MeasureId, SliDefinition } from './sli-catalogue.js';

/** What a histogram's buckets are worth around a limit. */
export type BucketVerdict =
  { readonly kind: 'fine' } | { readonly kind: 'coarse' | 'blind'; readonly why: string };

/** A bucket around the limit that is wider than this share of it leaves too much to interpolation. */
const COARSE_SHARE = 0.5;

/**
 * Whether buckets (ascending, in units that `factor` brings to the limit's) can tell values below
 * the limit from those above it. `blind`: the first bucket ends above the limit, so that every good
 * request reads as a share of that bucket and may read as a breach; or the last finite one ends at or
 * below it, so that no breach can be read.
 */
export function judgeBuckets(bounds: Float64Array, factor: number, limit: number): BucketVerdict {
  const finite = [...bounds].filter(Number.isFinite).map((bound) => bound * factor);
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined) {
    return { kind: 'blind', why: 'has no finite bucket' };
  }
  if (first > limit) {
    return { kind: 'blind', why: `has its first bucket at ${first}, above the limit of ${limit}` };
  }
  if (last <= limit) {
    return {
      kind: 'blind',
      why: `has its last bucket at ${last}, not above the limit of ${limit}`,
    };
  }
  const upper = finite.find((bound) => bound >= limit * (1 - 1e-9)) ?? last;
  const lower = finite.findLast((bound) => bound <= limit * (1 + 1e-9)) ?? 0;
  if (upper - lower <= COARSE_SHARE * limit) return { kind: 'fine' };
  const why = `has no bound between ${lower} and ${upper}, where the limit of ${limit} lies`;
  return { kind: 'coarse', why };
}

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
  /** Verdicts so far; a target's bounds are one array for as long as its layout lasts. */
  #canResolve = new WeakMap<Float64Array, Map<SliDefinition, boolean>>();

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
    this.#canResolve = new WeakMap();
  }

  /** Whether a histogram can tell a good value of this SLI from a bad one; see `judgeBuckets`. */
  canResolve(sli: SliDefinition, bounds: Float64Array): boolean {
    const limit = this.#leastLimits.get(sli.metric);
    if (limit === undefined) return true;
    let verdicts = this.#canResolve.get(bounds);
    if (verdicts === undefined)
      this.#canResolve.set(bounds, (verdicts = new Map<SliDefinition, boolean>()));
    let verdict = verdicts.get(sli);
    if (verdict === undefined) {
      verdict = judgeBuckets(bounds, sli.factor, limit).kind !== 'blind';
      verdicts.set(sli, verdict);
    }
    return verdict;
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
