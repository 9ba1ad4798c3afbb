import type { CallGraph } from './call-graph.js';
import { describeBaseline, type MeasuredSeries } from './measured-series.js';
import { firstIndexAt, medianOf } from './quantiles.js';
import type { RankInput } from './rank-input.js';

/** By how much one service is worse than before, weighted by when the symptom was. */
export interface Excess {
  readonly service: string;
  readonly metric: string;
  /** In units of its own past noise. */
  readonly units: number;
  /** In time spent, or in failures: comparable, and additive, between services. */
  readonly flow: number;
  /** Units that a sample of the past reached, the worst but one: a single glitch sets no standard. */
  readonly pastUnits: number;
}

/** 5 % of a latency is the least noise: calmer baselines than that are short ones. */
const LATENCY_FLOOR = 0.05;
/** Half a per cent of availability is the least noise: a few failed requests are no incident. */
const AVAILABILITY_FLOOR = 0.005;

/**
 * Measures every service's excess of the incident's kind since the onset.
 *
 * The deviation of a sample is the lesser of those from the baseline's median and from the last sample
 * before the incident, in the bad direction. Samples count by how bad the symptom was at their time, all
 * alike where it never was. Services without a series of that kind are left out, as is everyone when the
 * symptom itself has none.
 */
export function measureExcess(
  input: RankInput,
  measured: readonly MeasuredSeries[],
  onsetMs: number,
  graph: CallGraph,
): Map<string, Excess> {
  const quantity = input.incident.kind === 'performance' ? 'latency' : input.incident.kind;
  const traffic = new TrafficOf(measured, graph, input.incident.service);
  const deviations = new Map<string, Deviation>();
  for (const series of bestPerService(measured, quantity)) {
    const deviation = deviationsOf(series, onsetMs - input.stepMs + 1);
    if (deviation) deviations.set(series.service, deviation);
  }
  const symptom = deviations.get(input.incident.service);
  if (!symptom) return new Map();
  const weights = symptomWeights(symptom);
  const excesses = new Map<string, Excess>();
  for (const [service, { series, scale, at, past }] of deviations) {
    let weightSum = 0;
    let deviationSum = 0;
    let flowSum = 0;
    for (const [time, deviation] of at) {
      const weight = weights.get(time) ?? 0;
      weightSum += weight;
      deviationSum += weight * deviation;
      flowSum += weight * deviation * traffic.at(service, time);
    }
    const share = weightSum > 0 ? 1 / weightSum : 0;
    excesses.set(service, {
      service,
      metric: series.metric,
      units: (deviationSum * share) / scale,
      flow: flowSum * share,
      pastUnits: past / scale,
    });
  }
  return excesses;
}

interface Deviation {
  readonly series: MeasuredSeries;
  readonly scale: number;
  /** By time, positive when worse. */
  readonly at: ReadonlyMap<number, number>;
  /** The second worst deviation of the baseline. */
  readonly past: number;
}

function deviationsOf(series: MeasuredSeries, fromMs: number): Deviation | undefined {
  const { times, values, median } = series;
  const first = firstIndexAt(times, fromMs);
  if (first >= times.length) return undefined;
  const { spread } = describeBaseline(values, Math.min(series.baselineEnd, Math.max(first, 1)));
  const isAvailability = series.kind.quantity === 'availability';
  const floor = isAvailability
    ? AVAILABILITY_FLOOR * (median > 1.5 ? 100 : 1)
    : LATENCY_FLOOR * Math.abs(median);
  const scale = Math.max(spread, floor);
  if (!(scale > 0)) return undefined;
  const sign = isAvailability ? -1 : 1;
  const before = first > 0 ? values[first - 1]! : median;
  const at = new Map<number, number>();
  for (let i = first; i < times.length; i++) {
    at.set(times[i]!, Math.min(sign * (values[i]! - median), sign * (values[i]! - before)));
  }
  const past = Array.from(values.subarray(0, Math.min(series.baselineEnd, first)))
    .map((value) => sign * (value - median))
    .sort((a, b) => b - a);
  return { series, scale, at, past: past[1] ?? 0 };
}

function symptomWeights(symptom: Deviation): ReadonlyMap<number, number> {
  const weights = new Map([...symptom.at].map(([time, by]) => [time, Math.max(0, by)] as const));
  if ([...weights.values()].some((weight) => weight > 0)) return weights;
  return new Map([...weights.keys()].map((time) => [time, 1] as const));
}

/** One series a service: a mean before a percentile (it adds up), lower percentiles before higher ones. */
function bestPerService(
  measured: readonly MeasuredSeries[],
  quantity: MeasuredSeries['kind']['quantity'],
): MeasuredSeries[] {
  const best = new Map<string, MeasuredSeries>();
  for (const series of measured) {
    const { kind, service } = series;
    if (kind.quantity !== quantity || kind.peer !== undefined || kind.view === 'caller') continue;
    const other = best.get(service);
    if (!other || isBetter(series, other)) best.set(service, series);
  }
  return [...best.values()];
}

function isBetter(a: MeasuredSeries, b: MeasuredSeries): boolean {
  const byPercentile = (a.kind.percentile ?? 0) - (b.kind.percentile ?? 0);
  return byPercentile < 0 || (byPercentile === 0 && a.metric.length < b.metric.length);
}

/** Requests of a service at a time; where it has no such series, as many as its neighbours have. */
class TrafficOf {
  readonly #series: ReadonlyMap<string, MeasuredSeries>;
  readonly #byTime = new Map<string, ReadonlyMap<number, number>>();
  readonly #usual = new Map<string, number>();
  readonly #graph: CallGraph;
  readonly #symptomService: string;

  constructor(measured: readonly MeasuredSeries[], graph: CallGraph, symptomService: string) {
    const series = bestPerService(measured, 'traffic');
    this.#series = new Map(series.map((one) => [one.service, one]));
    this.#graph = graph;
    this.#symptomService = symptomService;
  }

  at(service: string, time: number): number {
    const series = this.#series.get(service);
    if (!series) return this.#usualOf(service);
    let byTime = this.#byTime.get(service);
    if (!byTime) {
      byTime = new Map(Array.from(series.times, (t, i) => [t, series.values[i]!] as const));
      this.#byTime.set(service, byTime);
    }
    return byTime.get(time) ?? series.median;
  }

  #usualOf(service: string): number {
    const known = this.#usual.get(service);
    if (known !== undefined) return known;
    const neighbours = [...this.#graph.callersOf(service), ...this.#graph.calleesOf(service)]
      .map((one) => this.#series.get(one)?.median)
      .filter((median) => median !== undefined);
    const usual =
      neighbours.length > 0
        ? medianOf(neighbours)
        : // Without any traffic all services count alike.
          (this.#series.get(this.#symptomService)?.median ?? 1);
    this.#usual.set(service, usual);
    return usual;
  }
}
