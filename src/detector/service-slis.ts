import type { OnSample } from './on-sample.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { Availability } from './availability.js';
import { combineMeasures, histogramQuantile, requestsIn, type Measure } from './measure.js';
import { demandBehind, perSecond } from './request-demand.js';
import { SLIS_BY_MEASURE, type MeasureId, type SliDefinition } from './sli-catalogue.js';
import type { SliPolicy } from './sli-policy.js';
import { SourceChoice } from './source-choice.js';
import type { ScopedMeasure } from './target-reader.js';
import type { SourceTarget } from '../adapters/sources/source.js';

interface Latest {
  readonly measure: Measure;
  readonly atMs: number;
  readonly target: SourceTarget;
}

/** A measure of a replica counts for its service as long as this many periods. */
const FRESH_PERIODS = 2.5;

/**
 * SLIs of one service: those of each replica as its scrapes arrive, and those of the service, either
 * as the gateway measures them, or put together from the replicas once per round of scrapes.
 */
export class ServiceSlis {
  readonly choice: SourceChoice;
  readonly #targets = new Map<string, SourceTarget>();
  /** Targets never heard of: before all have answered or failed, a worse source could be chosen. */
  readonly #awaited = new Set<string>();
  #isWarm = false;
  readonly #latest = new Map<string | undefined, Map<MeasureId, Latest>>();
  readonly #inRound = new Set<string>();
  readonly #failing = new Set<string>();
  #members: ReadonlySet<string> = new Set();
  /** Members that are in the round or failing. */
  #heard = 0;
  readonly #emittedAtMs = new Map<string, number>();
  readonly #availability: Availability;

  constructor(
    readonly service: string,
    private readonly policy: SliPolicy,
    private readonly onSample: OnSample,
  ) {
    this.choice = new SourceChoice(policy.sourceForgetMs);
    this.#availability = new Availability(service, policy.stallMs, onSample);
  }

  setThresholds(thresholds: readonly Threshold[]): void {
    this.choice.setThresholds(thresholds);
  }

  addTarget(target: SourceTarget): void {
    this.#targets.set(target.id, target);
    this.#awaited.add(target.id);
    this.#chooseMembers();
  }

  removeTarget(target: SourceTarget): void {
    this.#targets.delete(target.id);
    this.#awaited.delete(target.id);
    this.#failing.delete(target.id);
    this.#inRound.delete(target.id);
    this.#chooseMembers();
    this.#drop(target);
    this.#availability.forget(target);
  }

  /** Takes the measures of a scrape that succeeded. */
  observe(target: SourceTarget, measures: readonly ScopedMeasure[], atMs: number): void {
    this.#awaited.delete(target.id);
    this.#hear(target, () => this.#failing.delete(target.id));
    this.#beginTurn(target, atMs);
    for (const { id, replica, measure } of measures) {
      let scope = this.#latest.get(replica);
      if (scope === undefined) this.#latest.set(replica, (scope = new Map<MeasureId, Latest>()));
      scope.set(id, { measure, atMs, target });
    }
    for (const { id, replica, measure } of measures) this.#emit(id, replica, measure, atMs);
    this.#availability.scraped(target, measures, atMs);
    this.#endTurn(target);
  }

  /** Takes the failure of a scrape: what the target said before no longer counts. */
  fail(target: SourceTarget, atMs: number): void {
    this.#awaited.delete(target.id);
    this.#beginTurn(target, atMs);
    this.#hear(target, () => this.#failing.add(target.id));
    this.#drop(target);
    this.#availability.failed(target, atMs);
    this.#endTurn(target);
  }

  /** Takes a health probe's answer. */
  probed(target: SourceTarget, isHealthy: boolean, atMs: number): void {
    this.#availability.probed(target, isHealthy, atMs);
  }

  #drop(target: SourceTarget): void {
    for (const [replica, scope] of this.#latest) {
      for (const [id, latest] of scope) if (latest.target.id === target.id) scope.delete(id);
      if (scope.size === 0) this.#latest.delete(replica);
    }
  }

  /** A target's second turn ends the round of the others: they are late or gone. */
  #beginTurn(target: SourceTarget, atMs: number): void {
    if (this.#inRound.has(target.id)) this.#closeRound(atMs);
  }

  #endTurn(target: SourceTarget): void {
    this.#hear(target, () => this.#inRound.add(target.id));
    // Who failed last time is not waited for: its timeout would delay the whole service's values.
    if (this.#members.has(target.id) && this.#heard === this.#members.size) {
      this.#closeRound(undefined);
    }
  }

  /** Keeps the count of members heard in this round, which thousands of targets forbid to recount. */
  #hear(target: SourceTarget, change: () => void): void {
    const isHeard = () => Number(this.#inRound.has(target.id) || this.#failing.has(target.id));
    const before = isHeard();
    change();
    if (this.#members.has(target.id)) this.#heard += isHeard() - before;
  }

  /** The engines make the round of a service, or where it has none, its exporters. */
  #chooseMembers(): void {
    const all = [...this.#targets.values()];
    const engines = all.filter(({ role }) => role === 'engine');
    const members = engines.length > 0 ? engines : all.filter(({ role }) => role === 'exporter');
    this.#members = new Set(members.map(({ id }) => id));
    this.#countHeard();
  }

  #countHeard(): void {
    this.#heard = 0;
    for (const id of this.#members) {
      if (this.#inRound.has(id) || this.#failing.has(id)) this.#heard += 1;
    }
  }

  #closeRound(nowMs: number | undefined): void {
    this.#inRound.clear();
    this.#heard = 0;
    for (const id of this.#failing) if (this.#members.has(id)) this.#heard += 1;
    const ids = new Map<MeasureId, Latest[]>();
    let newestMs = nowMs ?? 0;
    for (const [replica, scope] of this.#latest) {
      if (replica === undefined) continue;
      for (const [id, latest] of scope) {
        newestMs = Math.max(newestMs, latest.atMs);
        const all = ids.get(id);
        if (all === undefined) ids.set(id, [latest]);
        else all.push(latest);
      }
    }
    for (const [id, all] of ids) {
      // What the gateway measures for the service is better than the sum of what its servers see.
      if (this.#latest.get(undefined)?.has(id) === true) continue;
      const fresh = all.filter(
        ({ atMs, target }) => newestMs - atMs <= FRESH_PERIODS * target.periodMs,
      );
      const measure = combineMeasures(fresh.map((latest) => latest.measure));
      if (measure === undefined) continue;
      this.#emit(id, undefined, measure, Math.max(...fresh.map(({ atMs }) => atMs)));
    }
    this.#availability.closeRound();
  }

  #emit(id: MeasureId, replica: string | undefined, measure: Measure, atMs: number): void {
    // Once all were heard, a replica that is added while it still starts must not hold up the others.
    this.#isWarm ||= this.#awaited.size === 0;
    if (!this.#isWarm) return;
    for (const { sli, rank } of SLIS_BY_MEASURE.get(id) ?? []) {
      if (measure.kind === 'histogram' && !this.choice.canResolve(sli, measure.bounds)) continue;
      const value = this.#valueOf(sli, measure);
      if (value === undefined) continue;
      if (!this.choice.accept(sli, replica, rank, id, atMs)) continue;
      const key = `${sli.metric}|${replica ?? ''}`;
      if (atMs <= (this.#emittedAtMs.get(key) ?? -Infinity)) continue;
      this.#emittedAtMs.set(key, atMs);
      this.onSample({
        metric: sli.metric,
        service: this.service,
        replica,
        atMs,
        value,
        demandPerSecond: demandBehind(id, measure, (other) => this.#current(other, replica)),
      });
    }
  }

  #valueOf(sli: SliDefinition, measure: Measure): number | undefined {
    switch (measure.kind) {
      case 'histogram': {
        if (requestsIn(measure.counts) < this.policy.minForQuantile) return undefined;
        const value = histogramQuantile(sli.quantile ?? 0.5, measure.bounds, measure.counts);
        return value === undefined ? undefined : value * sli.factor;
      }
      case 'ratio':
        if (sli.isRateOfWhole === true) return perSecond(measure.whole, measure.windowMs);
        // Part and whole are counted one after the other; the part can be ahead by a request.
        return measure.whole > 0
          ? Math.min(1, measure.part / measure.whole) * sli.factor
          : undefined;
      case 'rate':
        return perSecond(measure.amount, measure.windowMs) * sli.factor;
      case 'level':
        return measure.value * sli.factor;
    }
  }

  /** The measure of a scope as last seen; of the service, the gateway's or that of all replicas. */
  #current(id: MeasureId, replica: string | undefined): Measure | undefined {
    const own = this.#latest.get(replica)?.get(id)?.measure;
    if (own !== undefined || replica !== undefined) return own;
    const parts: Measure[] = [];
    for (const scope of this.#latest.values()) {
      const part = scope.get(id)?.measure;
      if (part !== undefined) parts.push(part);
    }
    return combineMeasures(parts);
  }
}
