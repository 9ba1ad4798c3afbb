import { AVAILABILITY_METRIC } from '../domain/sla/availability.js';
import { effectiveWindowMs } from '../domain/sla/evaluate.js';
import { limitOf, type Threshold } from '../domain/sla/threshold.js';
import type { SeriesStore } from './series-store.js';
import { SLIS, type MeasureId, type SliDefinition } from './sli-catalogue.js';
import type { SliEngine } from './sli.js';
import { judgeBuckets } from './source-choice.js';
import type { BoundMeasure } from './target-binding.js';
import type { TargetReader } from './target-reader.js';

/** Where a threshold's samples come from in one scope. */
interface ScopeCoverage {
  /** Undefined for the service as a whole. */
  readonly replica: string | undefined;
  /** The metric as scraped, or `pushed or queried`. */
  readonly source: string;
  /** Of the targets, without secrets. */
  readonly target: string;
  /** Between samples; undefined where samples are pushed. */
  readonly periodMs: number | undefined;
  /** What one sample looks back on; undefined for gauges and pushed samples. */
  readonly sliWindowMs: number | undefined;
  /** The threshold's window in force: longer than its own where the period asks for it. */
  readonly windowMs: number;
}

/** Whether a threshold can be judged for a service, and from what. */
export interface ThresholdCoverage {
  readonly threshold: string;
  readonly metric: string;
  readonly service: string;
  /** `coarse`: judged, but values near the limit are interpolated over a wide bucket. */
  readonly status: 'measurable' | 'coarse' | 'not-measurable';
  readonly scopes: readonly ScopeCoverage[];
  /** What is not as it should be, each a sentence with its way out. */
  readonly notes: readonly string[];
}

/** Made by `Availability` from the scrapes themselves. */
const AVAILABILITY_METRICS = new Set([AVAILABILITY_METRIC, 'scraped', 'stalled']);

/** What the report needs to know. */
export interface CoverageContext {
  readonly slis: SliEngine;
  /** Pushed metrics are those that have samples in it. */
  readonly store: SeriesStore;
  /** Least samples in a window, of the SLA policy. */
  readonly minSamples: number;
  readonly services: readonly string[];
}

/**
 * The start-up report: for each enabled threshold and service, which source feeds it at which scope,
 * how often, and whether it can tell good from bad at all. Meaningful after each target was scraped.
 */
export function describeCoverage(
  thresholds: readonly Threshold[],
  context: CoverageContext,
): ThresholdCoverage[] {
  return context.services.flatMap((service) =>
    thresholds
      .filter((threshold) => threshold.enabled)
      .map((threshold) => describe(threshold, service, context)),
  );
}

/** One line for the log: what feeds a threshold, or why nothing does. */
export function coverageLine(coverage: ThresholdCoverage): string {
  const { service, threshold, status, scopes, notes } = coverage;
  const [first] = scopes;
  const names = scopes.map(({ replica }) => replica ?? 'service').join(', ');
  const every = first?.periodMs === undefined ? '' : ` every ${first.periodMs / 1000} s`;
  const from = first === undefined ? '' : `, from ${first.source}${every} for ${names}`;
  return [`${service} ${threshold}: ${status}${from}`, ...notes].join('; ');
}

function describe(
  threshold: Threshold,
  service: string,
  context: CoverageContext,
): ThresholdCoverage {
  const notes: string[] = [];
  const sli = SLIS.find(({ metric }) => metric === threshold.metric);
  const readers = [...context.slis.readers].filter(({ target }) => target.service === service);
  let isCoarse = false;
  let scopes: ScopeCoverage[] = [];
  if (sli !== undefined) {
    const found = bestSource(sli, threshold, readers, notes);
    isCoarse = found.isCoarse;
    scopes = scopesOf(found.bound, context, threshold);
  } else if (AVAILABILITY_METRICS.has(threshold.metric)) {
    scopes = readers
      .filter(({ target }) => target.role === 'engine')
      .map((reader) =>
        scopeOf(reader, reader.target.replica, 'scrapes', undefined, context, threshold),
      );
  }
  if (scopes.length === 0) scopes = pushedScopes(threshold, service, context);
  if (scopes.length === 0 && notes.length === 0) {
    notes.push(
      `no source gives ${threshold.metric}: ${
        sli === undefined
          ? 'push it to POST /v1/measurements, or by the engine’s stat logger'
          : 'scrape an engine or gateway that has it, or push it'
      }`,
    );
  }
  const widened = scopes.find(({ windowMs }) => windowMs > threshold.windowMs);
  if (widened !== undefined) {
    notes.push(
      `window ${threshold.windowMs / 1000} s holds fewer than ${context.minSamples} samples at a period of ${
        (widened.periodMs ?? 0) / 1000
      } s: it is widened to ${widened.windowMs / 1000} s`,
    );
  }
  return {
    threshold: threshold.name,
    metric: threshold.metric,
    service,
    status: scopes.length === 0 ? 'not-measurable' : isCoarse ? 'coarse' : 'measurable',
    scopes,
    notes,
  };
}

type Bound = readonly [TargetReader, BoundMeasure];

/** The first candidate that some target has and that can resolve the limit; why not, to `notes`. */
function bestSource(
  sli: SliDefinition,
  threshold: Threshold,
  readers: readonly TargetReader[],
  notes: string[],
): { bound: readonly Bound[]; isCoarse: boolean } {
  const limit = limitOf(threshold);
  for (const id of sli.candidates) {
    const bound = readers.flatMap((reader) =>
      reader.bound.filter((one) => one.id === id).map((one) => [reader, one] as const),
    );
    const [first] = bound;
    if (first === undefined) continue;
    const [, measure] = first;
    if (measure.kind !== 'histogram' || threshold.direction !== 'upper') {
      return { bound, isCoarse: false };
    }
    const verdict = judgeBuckets(measure.bounds, sli.factor, limit);
    if (verdict.kind === 'fine') return { bound, isCoarse: false };
    notes.push(
      `${measure.metric} ${verdict.why} (${threshold.unit})${
        verdict.kind === 'coarse' ? '' : `: ${adviceAgainst(id)}`
      }`,
    );
    if (verdict.kind === 'coarse') return { bound, isCoarse: true };
  }
  return { bound: [], isCoarse: false };
}

function adviceAgainst(id: MeasureId): string {
  return id === 'request-latency'
    ? 'it is not used; scrape the gateway’s histogram or http_request_duration_highr_seconds, or set a threshold on time_to_first_token_p95'
    : 'it is not used; give it finer buckets, or scrape another source';
}

function scopesOf(
  bound: readonly Bound[],
  context: CoverageContext,
  threshold: Threshold,
): ScopeCoverage[] {
  const scopes = bound.map(([reader, measure]) => {
    const { policy } = context.slis;
    const windowMs = measure.kind === 'level' ? undefined : policy.windowMs(reader.target.periodMs);
    return scopeOf(reader, measure.replica, measure.metric, windowMs, context, threshold);
  });
  const [first] = scopes;
  if (first === undefined || scopes.some(({ replica }) => replica === undefined)) return scopes;
  return [
    { ...first, replica: undefined, target: `${scopes.length} replicas together` },
    ...scopes,
  ];
}

function scopeOf(
  { target }: TargetReader,
  replica: string | undefined,
  source: string,
  sliWindowMs: number | undefined,
  { minSamples }: CoverageContext,
  threshold: Threshold,
): ScopeCoverage {
  const { periodMs, url } = target;
  const windowMs = effectiveWindowMs(threshold.windowMs, periodMs, minSamples);
  return { replica, source, target: url, periodMs, sliWindowMs, windowMs };
}

function pushedScopes(
  threshold: Threshold,
  service: string,
  { store }: CoverageContext,
): ScopeCoverage[] {
  const scopes: ScopeCoverage[] = [];
  for (const { service: owner, metric, replica } of store.series()) {
    if (owner !== service || metric !== threshold.metric) continue;
    scopes.push({
      replica,
      source: 'pushed or queried',
      target: '',
      periodMs: undefined,
      sliWindowMs: undefined,
      windowMs: threshold.windowMs,
    });
  }
  return scopes;
}
