import type { Judge } from './judge.js';
import { MetricBench } from './metric-bench.js';
import { DEFAULT_SLA_POLICY, type SlaPolicy } from './policy.js';
import type { Timed } from './reorder.js';
import type { RejectedCounts, SlaEvent, SliSample } from './samples.js';
import type { ScopeGroup } from './scope-group.js';
import type { SlaSnapshot } from './snapshot.js';
import type { Stream } from './stream.js';
import { summarise, type SlaSummary } from './summary.js';
import type { Threshold } from './threshold.js';
import { ViolationLog, type LoggedViolation } from './violation-log.js';
import type { Violation } from './violation.js';

const NOTHING: readonly SlaEvent[] = Object.freeze([]);

/**
 * Evaluates SLIs against thresholds: the one used live and by the backtest.
 *
 * Feed every sample to `observe`, in any order within `policy.latenessMs`, and call `advance` with the
 * current time at least every second (or with event time for recorded samples): it releases held
 * samples, notices silent streams, and is the clock by which future samples are told. What a call
 * causes is returned as events, in order. A sample costs O(1) amortised in the length of any window,
 * and one more constant per threshold on its metric.
 */
export class SlaEvaluator {
  readonly #policy: SlaPolicy;
  #thresholds: readonly Threshold[] = [];
  /** The enabled ones. */
  readonly #byMetric = new Map<string, readonly Threshold[]>();
  /** By service, then metric. */
  readonly #benches = new Map<string, Map<string, MetricBench>>();
  readonly #holding = new Set<Stream>();
  readonly #log: ViolationLog;
  #clockMs: number | undefined;
  /** Until the first `advance` the clock is the latest sample's time. */
  #isClockSet = false;
  /** No stream is overdue before. */
  #nextSilenceMs = Infinity;
  #rejected = { nonFinite: 0, implausible: 0, future: 0, late: 0, duplicate: 0 };

  /** Throws RangeError if two thresholds have the same name. For `snapshot` see `restore`. */
  constructor(
    thresholds: readonly Threshold[],
    policy: SlaPolicy = DEFAULT_SLA_POLICY,
    snapshot?: SlaSnapshot,
  ) {
    this.#policy = policy;
    this.#log = new ViolationLog(snapshot?.log);
    this.#setThresholds(thresholds);
    if (snapshot === undefined) return;
    if ((snapshot.version as number) !== 1) {
      throw new RangeError(`SLA snapshot: version ${snapshot.version} is not 1; start without it`);
    }
    this.#rejected = { ...snapshot.rejected };
    this.#clockMs = snapshot.clockMs;
    for (const { service, metric } of snapshot.streams) this.#benchOf(service, metric, snapshot);
    for (const state of snapshot.streams) {
      const stream = this.#benchOf(state.service, state.metric)?.stream(state.replica, state);
      if (stream === undefined) continue;
      if (stream.reorder.isHolding) this.#holding.add(stream);
      this.#expectSilence(stream);
    }
  }

  /**
   * Brings back what `snapshot` gave, under the thresholds and the policy of now: after a restart the
   * next samples go on where the last ones ended. Samples of removed thresholds' metrics are dropped.
   * Throws RangeError for a snapshot of another version.
   */
  static restore(
    snapshot: SlaSnapshot,
    thresholds: readonly Threshold[],
    policy: SlaPolicy = DEFAULT_SLA_POLICY,
  ): SlaEvaluator {
    return new SlaEvaluator(thresholds, policy, snapshot);
  }

  /** Samples that were not evaluated, by reason. */
  get rejected(): RejectedCounts {
    return this.#rejected;
  }

  /** The thresholds in force, disabled ones included. */
  get thresholds(): readonly Threshold[] {
    return this.#thresholds;
  }

  /** Takes a sample. Ones of metrics without an enabled threshold are ignored. */
  observe(sample: SliSample): readonly SlaEvent[] {
    const { atMs, value, service, replica, demandPerSecond } = sample;
    const bench =
      this.#benches.get(service)?.get(sample.metric) ?? this.#benchOf(service, sample.metric);
    if (bench === undefined) return NOTHING;
    if (!Number.isFinite(value) || !Number.isFinite(atMs)) return this.#reject('nonFinite');
    if (!bench.isPlausible(value)) return this.#reject('implausible');
    let clockMs = this.#clockMs ?? atMs;
    if (!this.#isClockSet) this.#clockMs = clockMs = Math.max(clockMs, atMs);
    else if (atMs > clockMs + this.#policy.futureToleranceMs) return this.#reject('future');
    // So old a stream would have been forgotten: it says nothing of now, and 1970 is no beginning.
    if (atMs < clockMs - this.#policy.forgetAfterMs) return this.#reject('late');

    const stream = bench.stream(replica);
    const { reorder } = stream;
    const timed = { atMs, value, demandPerSecond };
    const out: SlaEvent[] = [];
    if (reorder.isNext(atMs)) {
      const previousMs = reorder.lastMs;
      const overdueAtMs = stream.overdueAtMs;
      if (atMs >= overdueAtMs) stream.reportSilence(overdueAtMs, previousMs, out);
      reorder.pass(atMs);
      this.#judge(stream, timed, previousMs, out);
    } else {
      const admission = reorder.admit(timed);
      if (admission !== 'taken') return this.#reject(admission);
      this.#holding.add(stream);
      this.#release(stream, clockMs, out);
    }
    return this.#noted(out);
  }

  /** Moves the clock to `nowMs` (never back). */
  advance(nowMs: number): readonly SlaEvent[] {
    const clockMs = Math.max(nowMs, this.#clockMs ?? nowMs);
    this.#isClockSet = true;
    this.#clockMs = clockMs;
    if (this.#holding.size === 0 && clockMs < this.#nextSilenceMs) return NOTHING;
    const out: SlaEvent[] = [];
    for (const stream of this.#holding) this.#release(stream, clockMs, out);
    if (clockMs >= this.#nextSilenceMs) this.#checkSilences(clockMs, out);
    return this.#noted(out);
  }

  /**
   * Puts other thresholds into force. Unchanged ones (by name) keep everything; changed ones on the
   * same metric keep their samples and open violations, judged by the new limit from the next sample
   * on; violations of removed, disabled or moved ones end. Throws RangeError like the constructor,
   * and then has changed nothing.
   */
  reconfigure(thresholds: readonly Threshold[]): readonly SlaEvent[] {
    this.#setThresholds(thresholds);
    const out: SlaEvent[] = [];
    for (const metrics of this.#benches.values()) {
      for (const bench of metrics.values()) {
        const wanted = this.#byMetric.get(bench.metric) ?? [];
        bench.reconfigure(wanted, this.#clockMs ?? 0, out);
        if (wanted.length > 0) continue;
        metrics.delete(bench.metric);
        for (const stream of bench.streams.values()) this.#holding.delete(stream);
      }
    }
    return this.#noted(out);
  }

  /** Lets go of a replica that has left the fleet; its open violations end. */
  forget(service: string, replica: string | undefined): readonly SlaEvent[] {
    const out: SlaEvent[] = [];
    for (const bench of this.#benches.get(service)?.values() ?? []) {
      this.#forget(bench, replica, out);
    }
    return this.#noted(out);
  }

  /**
   * Lets go of the replicas that are not in `fleet` and have fallen silent: they left while nobody
   * looked, e.g. between a snapshot and the restart from it.
   */
  forgetAllBut(service: string, fleet: ReadonlySet<string>): readonly SlaEvent[] {
    const out: SlaEvent[] = [];
    for (const bench of this.#benches.get(service)?.values() ?? []) {
      for (const [replica, stream] of bench.streams) {
        if (replica === undefined || fleet.has(replica) || !stream.isSilent) continue;
        this.#forget(bench, replica, out);
      }
    }
    return this.#noted(out);
  }

  /** All open violations, each with its window's median of now and its gravest severity. */
  open(): Violation[] {
    return this.#groups().flatMap((group) => group.open());
  }

  /** The judges of all thresholds and services, for status displays and the start-up report. */
  judges(): Judge[] {
    return this.#allBenches().flatMap(({ judges }) => judges);
  }

  /** The violations opened in the 24 hours before `nowMs`. */
  lastDay(nowMs: number): readonly LoggedViolation[] {
    return this.#log.lastDay(nowMs);
  }

  /** Compliance, open violations, the last 24 hours and the heat map, as of `nowMs`. */
  summary(nowMs: number): SlaSummary {
    return summarise(this.judges(), this.open(), this.#log, nowMs);
  }

  /** The whole state as plain JSON; `JSON.stringify` keeps it exactly. */
  snapshot(): SlaSnapshot {
    const benches = this.#allBenches();
    return {
      version: 1,
      clockMs: this.#clockMs,
      rejected: { ...this.#rejected },
      streams: benches.flatMap(({ streams }) => [...streams.values()].map((s) => s.snapshot())),
      judges: this.judges().map((judge) => judge.snapshot()),
      regressions: benches.flatMap(({ regression }) => regression?.snapshot() ?? []),
      log: this.#log.snapshot(),
    };
  }

  #setThresholds(thresholds: readonly Threshold[]): void {
    const names = new Set<string>();
    for (const { name } of thresholds) {
      if (names.has(name)) throw new RangeError(`threshold "${name}": the name is used twice`);
      names.add(name);
    }
    this.#thresholds = thresholds;
    this.#byMetric.clear();
    for (const threshold of thresholds) {
      if (!threshold.enabled) continue;
      const { metric } = threshold;
      this.#byMetric.set(metric, [...(this.#byMetric.get(metric) ?? []), threshold]);
    }
  }

  #allBenches(): MetricBench[] {
    return [...this.#benches.values()].flatMap((metrics) => [...metrics.values()]);
  }

  #groups(): ScopeGroup[] {
    return this.#allBenches().flatMap(({ judges, regression }) => [
      ...judges.map(({ group }) => group),
      ...(regression === undefined ? [] : [regression.group]),
    ]);
  }

  #benchOf(service: string, metric: string, snapshot?: SlaSnapshot): MetricBench | undefined {
    const thresholds = this.#byMetric.get(metric);
    if (thresholds === undefined) return undefined;
    let metrics = this.#benches.get(service);
    if (metrics === undefined) {
      metrics = new Map();
      this.#benches.set(service, metrics);
    }
    let bench = metrics.get(metric);
    if (bench === undefined) {
      const judges = snapshot?.judges.filter((saved) => saved.service === service);
      const regression = snapshot?.regressions.find(
        (saved) => saved.service === service && saved.metric === metric,
      );
      bench = new MetricBench(service, metric, thresholds, this.#policy, judges, regression);
      metrics.set(metric, bench);
    }
    return bench;
  }

  #release(stream: Stream, clockMs: number, out: SlaEvent[]): void {
    for (;;) {
      const previousMs = stream.reorder.lastMs;
      const overdueAtMs = stream.overdueAtMs;
      const sample = stream.reorder.release(clockMs);
      if (sample === undefined) break;
      if (sample.atMs >= overdueAtMs) stream.reportSilence(overdueAtMs, previousMs, out);
      this.#judge(stream, sample, previousMs, out);
    }
    if (!stream.reorder.isHolding) this.#holding.delete(stream);
  }

  #judge(stream: Stream, sample: Timed, previousMs: number | undefined, out: SlaEvent[]): void {
    stream.judge(sample, previousMs, out);
    this.#expectSilence(stream);
  }

  #expectSilence({ overdueAtMs }: Stream): void {
    if (overdueAtMs < this.#nextSilenceMs) this.#nextSilenceMs = overdueAtMs;
  }

  #checkSilences(clockMs: number, out: SlaEvent[]): void {
    const overdue: Stream[] = [];
    this.#nextSilenceMs = Infinity;
    for (const bench of this.#allBenches()) {
      for (const [replica, stream] of bench.streams) {
        const { lastMs } = stream.reorder;
        if (stream.overdueAtMs <= clockMs) overdue.push(stream);
        else this.#expectSilence(stream);
        const silentMs = stream.isSilent ? clockMs - (lastMs ?? clockMs) : 0;
        if (silentMs > this.#policy.forgetAfterMs && !bench.isOpenFor(replica)) {
          this.#forget(bench, replica, out);
        }
      }
    }
    overdue.sort((a, b) => a.overdueAtMs - b.overdueAtMs);
    for (const stream of overdue) {
      stream.reportSilence(stream.overdueAtMs, stream.reorder.lastMs, out);
    }
  }

  #forget(bench: MetricBench, replica: string | undefined, out: SlaEvent[]): void {
    const stream = bench.forget(replica, this.#clockMs ?? 0, out);
    if (stream !== undefined) this.#holding.delete(stream);
  }

  #reject(reason: keyof RejectedCounts): readonly SlaEvent[] {
    this.#rejected[reason] += 1;
    return NOTHING;
  }

  #noted(events: readonly SlaEvent[]): readonly SlaEvent[] {
    if (events.length === 0) return NOTHING;
    for (const event of events) this.#log.note(event);
    return events;
  }
}
