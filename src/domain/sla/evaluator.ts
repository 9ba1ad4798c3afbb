import { Judge } from './judge.js';
import { plausibleRange } from './plausible.js';
import { DEFAULT_SLA_POLICY, type SlaPolicy } from './policy.js';
import type { RejectedCounts, SlaEvent, SliSample } from './samples.js';
import type { SlaSnapshot } from './snapshot.js';
import { Stream } from './stream.js';
import { summarise, type SlaSummary } from './summary.js';
import type { Threshold } from './threshold.js';
import { ViolationLog } from './violation-log.js';
import type { Violation } from './violation.js';

const NOTHING: readonly SlaEvent[] = Object.freeze([]);

/** Streams and judges of one metric of one service. */
interface Bench {
  readonly service: string;
  readonly metric: string;
  readonly streams: Map<string | undefined, Stream>;
  judges: Judge[];
  min: number;
  max: number;
}

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
  readonly #byMetric = new Map<string, readonly Threshold[]>();
  /** By service, then metric. */
  readonly #benches = new Map<string, Map<string, Bench>>();
  readonly #holding = new Set<Stream>();
  readonly #log: ViolationLog;
  #clockMs: number | undefined;
  #isClockSet = false;
  #nextSilenceMs = Infinity;
  #rejected = { nonFinite: 0, implausible: 0, future: 0, late: 0, duplicate: 0 };

  /** Thresholds must have unique names: throws RangeError. */
  constructor(
    thresholds: readonly Threshold[],
    policy: SlaPolicy = DEFAULT_SLA_POLICY,
    snapshot?: SlaSnapshot,
  ) {
    this.#policy = policy;
    this.#log = new ViolationLog(snapshot?.log);
    this.#setThresholds(thresholds);
    if (snapshot === undefined) return;
    this.#rejected = { ...snapshot.rejected };
    for (const state of snapshot.judges) {
      const threshold = thresholds.find((t) => t.enabled && t.name === state.threshold);
      if (threshold === undefined) continue;
      const bench = this.#benchOf(state.service, threshold.metric);
      bench?.judges.splice(
        bench.judges.findIndex((judge) => judge.threshold.name === threshold.name),
        1,
        new Judge(state.service, threshold, policy, state),
      );
    }
    for (const state of snapshot.streams) {
      const bench = this.#benchOf(state.service, state.metric);
      if (bench === undefined) continue;
      const { metric, service, replica } = state;
      const stream = this.#streamOf(
        bench,
        replica,
        new Stream({ metric, service, replica }, policy, state),
      );
      if (stream.isSilent) for (const { track } of stream.seats) track.isStale = true;
    }
    this.#clockMs = snapshot.clockMs;
  }

  /** Brings back what `snapshot` gave, under the thresholds and policy of now. */
  static restore(
    snapshot: SlaSnapshot,
    thresholds: readonly Threshold[],
    policy: SlaPolicy = DEFAULT_SLA_POLICY,
  ): SlaEvaluator {
    return new SlaEvaluator(thresholds, policy, snapshot);
  }

  get rejected(): RejectedCounts {
    return this.#rejected;
  }

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
    if (value < bench.min || value > bench.max) return this.#reject('implausible');
    if (this.#isClockSet) {
      if (atMs > this.#clockMs! + this.#policy.futureToleranceMs) return this.#reject('future');
    } else if (this.#clockMs === undefined || atMs > this.#clockMs) this.#clockMs = atMs;
    const stream = bench.streams.get(replica) ?? this.#streamOf(bench, replica);
    const timed = { atMs, value, demandPerSecond };
    const out: SlaEvent[] = [];
    const { reorder } = stream;
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
      this.#release(stream, this.#clockMs!, out);
    }
    return this.#noted(out);
  }

  /** Moves the clock to `nowMs` (never back). */
  advance(nowMs: number): readonly SlaEvent[] {
    this.#isClockSet = true;
    if (this.#clockMs === undefined || nowMs > this.#clockMs) this.#clockMs = nowMs;
    const clockMs = this.#clockMs;
    const out: SlaEvent[] = [];
    for (const stream of this.#holding) this.#release(stream, clockMs, out);
    if (clockMs >= this.#nextSilenceMs) this.#checkSilences(clockMs, out);
    return this.#noted(out);
  }

  /**
   * Puts other thresholds into force. Unchanged ones (by name) keep everything; changed ones on the
   * same metric keep their samples and open violations, judged by the new limit from the next sample
   * on; violations of removed or disabled ones end.
   */
  reconfigure(thresholds: readonly Threshold[]): readonly SlaEvent[] {
    const out: SlaEvent[] = [];
    this.#setThresholds(thresholds);
    for (const metrics of this.#benches.values()) {
      for (const bench of metrics.values()) {
        const wanted = this.#byMetric.get(bench.metric) ?? [];
        for (const judge of bench.judges) {
          if (wanted.some(({ name }) => name === judge.threshold.name)) continue;
          judge.group.end(this.#clockMs ?? 0, 'threshold-removed', out);
        }
        const before = bench.judges;
        bench.judges = wanted.map((threshold) => {
          const judge = before.find((old) => old.threshold.name === threshold.name);
          if (judge === undefined) return new Judge(bench.service, threshold, this.#policy);
          return isSame(judge.threshold, threshold) ? judge : judge.amend(threshold);
        });
        for (const stream of bench.streams.values()) this.#seat(bench, stream);
        if (wanted.length === 0) metrics.delete(bench.metric);
        else Object.assign(bench, this.#rangeOf(bench.metric));
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

  /** All open violations, each with its window's median of now and its gravest severity. */
  open(): Violation[] {
    return this.#judges().flatMap((judge) => judge.group.open());
  }

  /** The judges of all thresholds and services, for status displays and the start-up report. */
  judges(): readonly Judge[] {
    return this.#judges();
  }

  summary(nowMs: number): SlaSummary {
    return summarise(this.#judges(), this.open(), this.#log, nowMs);
  }

  /** The whole state as plain JSON; `JSON.stringify` keeps it exactly. */
  snapshot(): SlaSnapshot {
    const benches = [...this.#benches.values()].flatMap((metrics) => [...metrics.values()]);
    return {
      version: 1,
      clockMs: this.#clockMs,
      rejected: { ...this.#rejected },
      streams: benches.flatMap(({ streams }) => [...streams.values()].map((s) => s.snapshot())),
      judges: this.#judges().map((judge) => judge.snapshot()),
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

  #judges(): Judge[] {
    return [...this.#benches.values()].flatMap((metrics) =>
      [...metrics.values()].flatMap((bench) => bench.judges),
    );
  }

  #rangeOf(metric: string): { min: number; max: number } {
    const ranges = (this.#byMetric.get(metric) ?? []).map(({ unit }) => plausibleRange(unit));
    return {
      min: Math.max(...ranges.map(({ min }) => min)),
      max: Math.min(...ranges.map(({ max }) => max)),
    };
  }

  #benchOf(service: string, metric: string): Bench | undefined {
    const thresholds = this.#byMetric.get(metric);
    if (thresholds === undefined) return undefined;
    let metrics = this.#benches.get(service);
    if (metrics === undefined) this.#benches.set(service, (metrics = new Map<string, Bench>()));
    let bench = metrics.get(metric);
    if (bench === undefined) {
      const judges = thresholds.map((t) => new Judge(service, t, this.#policy));
      bench = { service, metric, judges, streams: new Map(), ...this.#rangeOf(metric) };
      metrics.set(metric, bench);
    }
    return bench;
  }

  #streamOf(
    bench: Bench,
    replica: string | undefined,
    stream = new Stream({ metric: bench.metric, service: bench.service, replica }, this.#policy),
  ): Stream {
    bench.streams.set(replica, stream);
    this.#seat(bench, stream);
    this.#nextSilenceMs = Math.min(this.#nextSilenceMs, stream.overdueAtMs);
    if (stream.reorder.isHolding) this.#holding.add(stream);
    return stream;
  }

  #seat(bench: Bench, stream: Stream): void {
    stream.seats = bench.judges.map((judge) => ({ judge, track: judge.join(stream.id.replica) }));
    for (const { track } of stream.seats) track.isStale = stream.isSilent;
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

  #judge(
    stream: Stream,
    sample: Parameters<Stream['judge']>[0],
    previousMs: number | undefined,
    out: SlaEvent[],
  ) {
    stream.judge(sample, previousMs, out);
    const overdueAtMs = stream.overdueAtMs;
    if (overdueAtMs < this.#nextSilenceMs) this.#nextSilenceMs = overdueAtMs;
  }

  #checkSilences(clockMs: number, out: SlaEvent[]): void {
    const overdue: Stream[] = [];
    const { forgetAfterMs } = this.#policy;
    this.#nextSilenceMs = Infinity;
    for (const metrics of this.#benches.values()) {
      for (const bench of metrics.values()) {
        for (const [replica, stream] of bench.streams) {
          const { lastMs } = stream.reorder;
          if (stream.overdueAtMs <= clockMs) overdue.push(stream);
          else if (!stream.isSilent || lastMs === undefined) {
            this.#nextSilenceMs = Math.min(this.#nextSilenceMs, stream.overdueAtMs);
          } else if (
            clockMs - lastMs > forgetAfterMs &&
            !bench.judges.some(({ group }) => group.isOpenFor(replica))
          ) {
            this.#forget(bench, replica, out);
          }
        }
      }
    }
    overdue.sort((a, b) => a.overdueAtMs - b.overdueAtMs);
    for (const stream of overdue)
      stream.reportSilence(stream.overdueAtMs, stream.reorder.lastMs, out);
  }

  #forget(bench: Bench, replica: string | undefined, out: SlaEvent[]): void {
    const stream = bench.streams.get(replica);
    if (stream === undefined) return;
    bench.streams.delete(replica);
    this.#holding.delete(stream);
    for (const judge of bench.judges) judge.forget(replica, this.#clockMs ?? 0, out);
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

function isSame(a: Threshold, b: Threshold): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
