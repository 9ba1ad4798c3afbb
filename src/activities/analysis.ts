import type { HistoryQuery, MetricHistory } from '../domain/ports.js';
import { AdapterError } from '../domain/ports.js';
import { analysisSteps, type AnalysisProgress } from '../domain/rca/analyse.js';
import { withinBounds } from '../domain/rca/bounds.js';
import type { IncidentEvidence } from '../domain/rca/evidence.js';
import type { RootCauseReport } from '../domain/rca/report.js';

/** What is to be analysed: all evidence but the series, and how these are asked for. */
export interface AnalysisAsk {
  readonly evidence: IncidentEvidence;
  readonly queries: readonly HistoryQuery[];
}

/** Told between steps; throws what ends the analysis, e.g. a cancellation. */
export type OnProgress = (progress: AnalysisProgress) => void;

/** Reads the series and analyses them, here or in another thread. */
export type Analyser = (ask: AnalysisAsk, onProgress: OnProgress) => Promise<RootCauseReport>;

/**
 * Reads the series and analyses, in steps of a few milliseconds with a call of `turn` after each.
 *
 * A history that does not answer is no failure: the report says what was missing.
 */
export async function analyseFrom(
  history: MetricHistory,
  { evidence, queries }: AnalysisAsk,
  onProgress: OnProgress,
  turn: () => Promise<unknown>,
): Promise<RootCauseReport> {
  const read = await Promise.all(queries.map((query) => seriesOf(history, query)));
  const whole: IncidentEvidence = {
    ...evidence,
    series: [...evidence.series, ...read.flatMap(({ series }) => series)],
    missing: [...evidence.missing, ...read.flatMap(({ missing }) => missing)],
  };
  const steps = analysisSteps(withinBounds(whole));
  for (;;) {
    const step: IteratorResult<AnalysisProgress, RootCauseReport> = steps.next();
    if (step.done === true) return step.value;
    onProgress(step.value);
    await turn();
  }
}

async function seriesOf(history: MetricHistory, query: HistoryQuery) {
  try {
    const series = await history.range(query);
    const missing =
      series.length > 0 ? [] : [`history: no series of ${query.service} were recorded`];
    return { series, missing };
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return { series: [], missing: [`history of ${query.service}: ${error.message}`] };
  }
}
