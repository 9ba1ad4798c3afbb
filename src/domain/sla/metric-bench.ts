import { Judge, type JudgeState } from './judge.js';
import { plausibleRange } from './plausible.js';
import type { SlaPolicy } from './policy.js';
import {
  RegressionJudge,
  regressionThreshold,
  type RegressionJudgeState,
} from './regression-judge.js';
import type { SlaEvent } from './samples.js';
import { Stream, type StreamState } from './stream.js';
import type { Threshold } from './threshold.js';

/** One metric of one service: the streams of its scopes, and all who judge them. */
export class MetricBench {
  readonly streams = new Map<string | undefined, Stream>();
  #judges: readonly Judge[];
  #regression: RegressionJudge | undefined;
  #thresholds: readonly Threshold[];
  #min = 0;
  #max = 0;

  /** `thresholds` are the enabled ones on the metric, at least one; `judges` their saved states. */
  constructor(
    readonly service: string,
    readonly metric: string,
    thresholds: readonly Threshold[],
    private readonly policy: SlaPolicy,
    judges: readonly JudgeState[] = [],
    regression?: RegressionJudgeState,
  ) {
    this.#thresholds = thresholds;
    this.#judges = thresholds.map((threshold) => {
      const state = judges.find((saved) => saved.threshold === threshold.name);
      return new Judge(service, threshold, policy, state);
    });
    const worst = regressionThreshold(thresholds);
    if (policy.regression.enabled && worst !== undefined) {
      this.#regression = new RegressionJudge(service, worst, policy.regression, regression);
    }
    this.#setRange();
  }

  get judges(): readonly Judge[] {
    return this.#judges;
  }

  get regression(): RegressionJudge | undefined {
    return this.#regression;
  }

  /** True when a measurement in the thresholds' unit can have this value. */
  isPlausible(value: number): boolean {
    return value >= this.#min && value <= this.#max;
  }

  /** The stream of a scope, made (or restored from `state`) if it is new. */
  stream(replica: string | undefined, state?: StreamState): Stream {
    let stream = this.streams.get(replica);
    if (stream === undefined) {
      const { metric, service } = this;
      stream = new Stream({ metric, service, replica }, this.policy, state);
      this.streams.set(replica, stream);
      this.#seat(stream);
    }
    return stream;
  }

  /** Puts other thresholds on the metric (perhaps none) into force; see `SlaEvaluator.reconfigure`. */
  reconfigure(thresholds: readonly Threshold[], atMs: number, out: SlaEvent[]): void {
    const before = this.#judges;
    for (const { threshold, group } of before) {
      if (thresholds.some(({ name }) => name === threshold.name)) continue;
      group.end(atMs, 'threshold-removed', out);
    }
    this.#judges = thresholds.map((threshold) => {
      const judge = before.find((old) => old.threshold.name === threshold.name);
      if (judge === undefined) return new Judge(this.service, threshold, this.policy);
      return isSame(judge.threshold, threshold) ? judge : judge.amend(threshold);
    });
    this.#reconfigureRegression(thresholds, atMs, out);
    this.#thresholds = thresholds;
    this.#setRange();
    for (const judge of this.#judges) {
      if (judge.threshold.scope !== 'service') continue;
      // It may have been judged by replica before: those are nobody's violations any more.
      for (const replica of [...judge.tracks.keys()]) {
        if (replica !== undefined) judge.forget(replica, atMs, out);
      }
    }
    for (const stream of this.streams.values()) this.#seat(stream);
  }

  /** Lets go of a scope that has left the fleet. Returns its stream, if there was one. */
  forget(replica: string | undefined, atMs: number, out: SlaEvent[]): Stream | undefined {
    const stream = this.streams.get(replica);
    if (!this.streams.delete(replica)) return undefined;
    for (const judge of this.#judges) judge.forget(replica, atMs, out);
    this.#regression?.forget(replica, atMs, out);
    return stream;
  }

  /** True when a violation of this scope is open. */
  isOpenFor(replica: string | undefined): boolean {
    return (
      this.#judges.some(({ group }) => group.isOpenFor(replica)) ||
      this.#regression?.group.isOpenFor(replica) === true
    );
  }

  #reconfigureRegression(thresholds: readonly Threshold[], atMs: number, out: SlaEvent[]): void {
    const before = regressionThreshold(this.#thresholds);
    const after = this.policy.regression.enabled ? regressionThreshold(thresholds) : undefined;
    if (after === undefined || before?.direction !== after.direction) {
      this.#regression?.group.end(atMs, 'threshold-removed', out);
      this.#regression = after && new RegressionJudge(this.service, after, this.policy.regression);
    } else if (!isSame(before, after)) this.#regression = this.#regression?.amend(after);
  }

  #setRange(): void {
    const ranges = this.#thresholds.map(({ unit }) => plausibleRange(unit));
    this.#min = Math.max(...ranges.map(({ min }) => min));
    this.#max = Math.min(...ranges.map(({ max }) => max));
  }

  #seat(stream: Stream): void {
    const { replica } = stream.id;
    const judges = this.#judges.filter(
      ({ threshold }) => threshold.scope !== 'service' || replica === undefined,
    );
    stream.seats = judges.map((judge) => ({ judge, track: judge.join(replica) }));
    const regression = this.#regression;
    stream.regression = regression && { judge: regression, track: regression.join(replica) };
    stream.seatStaleness();
  }
}

function isSame(a: Threshold, b: Threshold): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
