import type { Exposition } from '../adapters/sources/exposition.js';
import type { SeriesTable } from '../adapters/sources/series-table.js';
import type { SourceTarget } from '../adapters/sources/source.js';
import { CounterWindow } from './counter-window.js';
import { requestsIn, type Measure } from './measure.js';
import { SUMMED_LEVELS, type MeasureId } from './sli-catalogue.js';
import {
  bindTarget,
  type BoundMeasure,
  type ColumnDirectory,
  type TargetBinding,
} from './target-binding.js';
import type { SliPolicy } from './sli-policy.js';

/** A measure of one scope at one target. */
export interface ScopedMeasure {
  readonly id: MeasureId;
  readonly replica: string | undefined;
  readonly measure: Measure;
}

/** A series seen for the first time counts from 0 if the target was read at most this long before. */
const BASELINE_MS = 120_000;

/**
 * Reads measures off one target's scrapes: follows its counters through resets, keeps their totals at
 * the last scrapes, and takes each measure over the window that its policy asks for.
 */
export class TargetReader {
  readonly #window: CounterWindow;
  readonly #columns: ColumnDirectory = new Map();
  #binding: TargetBinding | undefined;
  #version = -1;
  #epoch = -1;
  #previous = new Float64Array(0);
  #growth = new Float64Array(0);
  /** Last values by series id, also of series that are gone for now. */
  #lastById = new Map<number, number>();
  #lastAtMs = -Infinity;
  #startTime = NaN;
  #isReset = new Uint8Array(0);

  constructor(
    readonly target: SourceTarget,
    private readonly policy: SliPolicy,
  ) {
    const longestMs = Math.max(policy.windowMs(target.periodMs), policy.longestWindowMs);
    this.#window = new CounterWindow(Math.ceil(longestMs / target.periodMs) + 2);
  }

  /** What the series of this target feed; empty before the first scrape. */
  get bound(): readonly BoundMeasure[] {
    return this.#binding?.measures ?? [];
  }

  /** The measures of a scrape at `atMs`; one not after the last scrape gives none. */
  read(exposition: Exposition, table: SeriesTable, atMs: number): ScopedMeasure[] {
    if (atMs <= this.#lastAtMs) return [];
    if (exposition.version !== this.#version || table.epoch !== this.#epoch) {
      this.#rebind(exposition, table, atMs);
    }
    const binding = this.#binding!;
    this.#follow(binding, exposition.values);
    this.#window.push(atMs);
    this.#lastAtMs = atMs;
    const measures: ScopedMeasure[] = [];
    for (const bound of binding.measures) {
      const measure = this.#measure(bound, exposition.values);
      if (measure !== undefined) measures.push({ id: bound.id, replica: bound.replica, measure });
    }
    return measures;
  }

  #rebind(exposition: Exposition, table: SeriesTable, atMs: number): void {
    // Ids of another epoch name other series: nothing is known of them.
    if (table.epoch !== this.#epoch) this.#lastById = new Map();
    else this.#binding?.ids.forEach((id, i) => this.#lastById.set(id, this.#previous[i]!));
    const isFollowed = this.#lastById.size > 0 && atMs - this.#lastAtMs <= BASELINE_MS;
    const binding = bindTarget(this.target, exposition, table, this.#window, this.#columns);
    // A counter that appears while we watch began at 0 since the last scrape (the first 5xx).
    const unknown = isFollowed ? 0 : NaN;
    this.#previous = Float64Array.from(binding.ids, (id) => this.#lastById.get(id) ?? unknown);
    this.#growth = new Float64Array(binding.ids.length);
    this.#isReset = new Uint8Array(
      binding.groups.reduce((most, group) => Math.max(most, group + 1), 0),
    );
    this.#binding = binding;
    this.#version = exposition.version;
    this.#epoch = table.epoch;
  }

  /** Adds the growth since the last scrape to the totals: cur - prev, or cur after a reset. */
  #follow(binding: TargetBinding, values: Float64Array): void {
    const { positions, groups, from, to, startTimePosition } = binding;
    const previous = this.#previous;
    const growth = this.#growth;
    const startTime = startTimePosition === -1 ? NaN : values[startTimePosition]!;
    const isRestarted = startTime > this.#startTime;
    if (!Number.isNaN(startTime)) this.#startTime = startTime;
    let hasReset = isRestarted;
    for (let i = 0; i < positions.length; i += 1) {
      if (!(values[positions[i]!]! < previous[i]!)) continue;
      if (!hasReset) this.#isReset.fill(0);
      hasReset = true;
      this.#isReset[groups[i]!] = 1;
    }
    for (let i = 0; i < positions.length; i += 1) {
      const current = values[positions[i]!]!;
      const last = previous[i]!;
      // NaN and ±Inf are no counts; the counter goes on from where it was.
      if (!Number.isFinite(current)) {
        growth[i] = 0;
        continue;
      }
      previous[i] = current;
      // All buckets of a histogram begin anew together: one may already stand above what it was.
      const isReset = hasReset && (isRestarted || this.#isReset[groups[i]!] === 1);
      growth[i] = Number.isNaN(last) ? 0 : Math.max(0, isReset ? current : current - last);
    }
    const { totals } = this.#window;
    for (let k = 0; k < from.length; k += 1) totals[to[k]!]! += growth[from[k]!]!;
  }

  #measure(bound: BoundMeasure, values: Float64Array): Measure | undefined {
    const window = this.#window;
    const { periodMs } = this.target;
    if (bound.kind === 'level') {
      let total = 0;
      let count = 0;
      for (const position of bound.positions) {
        const value = values[position]!;
        if (!Number.isFinite(value)) continue;
        total += value;
        count += 1;
      }
      if (count === 0) return undefined;
      const combine = SUMMED_LEVELS.has(bound.id) ? 'sum' : 'mean';
      return { kind: 'level', value: combine === 'sum' ? total : total / count, combine };
    }
    const ownMs = this.policy.windowMs(periodMs);
    let back = window.backTo(ownMs, periodMs);
    if (back === undefined) return undefined;
    if (bound.kind === 'rate') {
      const amount = window.growth(bound.column, back);
      return { kind: 'rate', amount, windowMs: this.#ageMs(back) };
    }
    // With few requests the window grows backwards until they are enough to judge by.
    const column =
      bound.kind === 'ratio' ? bound.wholeColumn : bound.firstColumn + bound.bounds.length - 1;
    const enough =
      bound.kind === 'ratio' ? this.policy.enoughForRate : this.policy.enoughForQuantile;
    while (
      window.growth(column, back) < enough &&
      back + 1 < window.count &&
      window.timeBack(0) - window.timeBack(back + 1) <= this.policy.longestWindowMs &&
      window.timeBack(back) - window.timeBack(back + 1) <= ownMs + periodMs
    ) {
      back += 1;
    }
    const windowMs = this.#ageMs(back);
    if (bound.kind === 'ratio') {
      const whole = window.growth(bound.wholeColumn, back);
      return { kind: 'ratio', part: window.growth(bound.partColumn, back), whole, windowMs };
    }
    const { bounds, firstColumn } = bound;
    const counts = new Float64Array(bounds.length);
    for (let i = 0; i < counts.length; i += 1) counts[i] = window.growth(firstColumn + i, back);
    return requestsIn(counts) > 0 ? { kind: 'histogram', bounds, counts, windowMs } : undefined;
  }

  #ageMs(back: number): number {
    return this.#window.timeBack(0) - this.#window.timeBack(back);
  }
}
