import type { SeriesPoints } from '../ports.js';
import { periodOf } from './align.js';
import { correlationSteps } from './correlation.js';
import { rateOfCounter } from './counter-rate.js';
import { entityOf, type IncidentEvidence } from './evidence.js';
import { changesBefore, scopeOf, type Facts } from './facts.js';
import { judgingSteps } from './judge.js';
import { withoutPastIncidents } from './past-incidents.js';
import { firstIndexAt, medianOf } from './quantiles.js';
import type { CallEdge, RankInput } from './rank-input.js';
import { rankingSteps } from './rank.js';
import { relatedSeries } from './related-series.js';
import type { RelatedSeries, RootCauseReport } from './report.js';
import { changeOf, type SignalChange } from './signal-change.js';
import { signalOf } from './signal.js';

/** How far an analysis is. */
export interface AnalysisProgress {
  readonly stage: 'ranking' | 'changes' | 'correlation' | 'judging';
  /** Of this stage, 0..1. */
  readonly share: number;
}

/** Correlations look at the hour before the incident opened. */
const CORRELATION_WINDOW_MS = 60 * 60_000;
/** Without any series nothing has a period; a scrape's usual one then. */
const DEFAULT_PERIOD_MS = 10_000;
/**
 * The past that is normal ends 5 min before the onset, since slow faults begin before they are felt, or
 * earlier than that where the past is short: two thirds of it are kept.
 */
const QUIET_BEFORE_ONSET_MS = 5 * 60_000;
const QUIET_SHARE_OF_PAST = 1 / 3;
const SERIES_PER_STEP = 64;

/**
 * Analyses an incident in steps of a few milliseconds, so that the caller can yield between them; returns
 * the report. Never throws for evidence that is missing: the report says what was.
 */
export function* analysisSteps(
  evidence: IncidentEvidence,
): Generator<AnalysisProgress, RootCauseReport> {
  const series: SeriesPoints[] = [];
  for (const [i, one] of evidence.series.entries()) {
    if (i % SERIES_PER_STEP === 0) yield { stage: 'ranking', share: 0 };
    series.push(withoutPastIncidents(rateOfCounter(untilOpening(one, evidence)), evidence));
  }
  const stepMs = usualPeriod(series);
  const ranking = yield* staged('ranking', rankingSteps(rankInputOf(evidence, series, stepMs)));
  const onsetMs = ranking.onsetMs;

  const changes: SignalChange[] = [];
  const pastMs = onsetMs - Math.min(onsetMs, ...firstTimes(series));
  const quietMs = Math.min(QUIET_BEFORE_ONSET_MS, pastMs * QUIET_SHARE_OF_PAST);
  const bounds = { stepMs, startedAtMs: onsetMs, quietUntilMs: onsetMs - quietMs };
  const untilMs = judgedUntil(evidence, onsetMs, stepMs);
  for (const [i, one] of series.entries()) {
    const change = changeOf(one, bounds, onsetMs, untilMs);
    if (change) changes.push(change);
    if (i % SERIES_PER_STEP === 0) yield { stage: 'changes', share: i / series.length };
  }
  const facts: Facts = {
    evidence,
    onsetMs,
    scope: scopeOf(evidence, changes),
    changes,
    recentChanges: changesBefore(evidence, onsetMs),
    ranking,
  };
  const related = yield* relate(facts, series, stepMs);
  return yield* staged('judging', judgingSteps(facts, series, related));
}

/** What came after the opening is for the pictures: recovery changes the metrics. */
function untilOpening(series: SeriesPoints, { incident }: IncidentEvidence): SeriesPoints {
  const count = firstIndexAt(series.timesMs, incident.openedAtMs + 1);
  if (count === series.timesMs.length) return series;
  return {
    ...series,
    timesMs: series.timesMs.slice(0, count),
    values: series.values.slice(0, count),
  };
}

/** Analyses an incident in one go; see `analysisSteps`. */
export function analyse(evidence: IncidentEvidence): RootCauseReport {
  const steps = analysisSteps(evidence);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function* staged<T>(
  stage: AnalysisProgress['stage'],
  steps: Generator<number, T>,
): Generator<AnalysisProgress, T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    yield { stage, share: step.value };
  }
}

function* relate(
  facts: Facts,
  series: readonly SeriesPoints[],
  stepMs: number,
): Generator<AnalysisProgress, RelatedSeries[]> {
  const { incident } = facts.evidence;
  const violated = series.find(
    ({ service, replica, metric }) =>
      service === incident.service && replica === incident.replica && metric === incident.metric,
  );
  if (!violated) return [];
  const others = series.filter((one) => one !== violated);
  const toMs = judgedUntil(facts.evidence, facts.onsetMs, stepMs);
  const window = { fromMs: toMs - CORRELATION_WINDOW_MS, toMs };
  const findings = yield* staged('correlation', correlationSteps(violated, others, window));
  return relatedSeries(others, findings, violated, facts.changes, stepMs);
}

/** Recovery changes the metrics, so they are judged up to its first step, but for two samples at least. */
function judgedUntil(evidence: IncidentEvidence, onsetMs: number, stepMs: number): number {
  const firstStepMs = Math.min(Infinity, ...evidence.steps.map(({ atMs }) => atMs));
  const lastMs = Math.max(evidence.incident.openedAtMs, onsetMs + 2 * stepMs);
  return Math.max(Math.min(lastMs, firstStepMs), onsetMs + 2 * stepMs);
}

function firstTimes(series: readonly SeriesPoints[]): number[] {
  return series.flatMap(({ timesMs }) => timesMs[0] ?? []);
}

function usualPeriod(series: readonly SeriesPoints[]): number {
  // Some hundred series spread over all of them tell the usual period as well as thousands.
  const stride = Math.max(1, Math.floor(series.length / 256));
  const some = series.filter((_, i) => i % stride === 0);
  const periods = some.map(({ timesMs }) => periodOf(timesMs)).filter(Number.isFinite);
  return periods.length === 0 ? DEFAULT_PERIOD_MS : Math.max(1, medianOf(periods));
}

function rankInputOf(
  evidence: IncidentEvidence,
  series: readonly SeriesPoints[],
  stepMs: number,
): RankInput {
  const { incident, topology } = evidence;
  const edges: CallEdge[] = [...topology];
  const entities = new Set<string>();
  for (const { service, replica } of series) {
    const entity = entityOf(service, replica);
    if (replica === undefined || entities.has(entity)) continue;
    entities.add(entity);
    edges.push({ from: service, to: entity });
    // What the service calls, its replicas call.
    for (const edge of topology)
      if (edge.from === service) edges.push({ from: entity, to: edge.to });
  }
  const signal = signalOf(incident.metric);
  return {
    stepMs,
    incident: {
      service: entityOf(incident.service, incident.replica),
      metric: incident.metric,
      startedAtMs: incident.startedAtMs,
      kind:
        signal === 'latency' || signal === 'availability' || signal === 'errors'
          ? signal
          : 'performance',
    },
    topology: edges,
    series: series.map(({ service, replica, metric, timesMs, values }) => ({
      service: entityOf(service, replica),
      metric,
      timesMs,
      values,
    })),
  };
}
