import { setImmediate as nextTurn } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { RootCauseReport } from '../domain/rca/report.js';
import { postmortemOf } from '../domain/rca/postmortem.js';
import { similarIncidents } from '../domain/rca/similar.js';
import type { ReportRecord } from '../domain/rca-archive.js';
import type { RcaAsk } from '../workflows/rca-messages.js';
import { analyseFrom, type AnalysisAsk, type Analyser } from './analysis.js';
import type { RcaActivities } from './contract.js';
import { archiveCaptured, capture, gather } from './evidence.js';
import { asFailure } from './failure.js';
import type { World } from './world.js';

/** What is told of an analysis whose report was filed, for telemetry: once, however often it is filed anew. */
export type OnAnalysed = (report: RootCauseReport, elapsedMs: number) => void;

/** Earlier reports that similar ones are looked for among. */
const MOST_PAST_REPORTS = 500;
/** A thread that reads a slow history has no progress to tell, and is well all the same. */
const HEARTBEAT_EVERY_MS = 3_000;

/** What the rca queue's workers do for workflows. */
export function createRcaActivities(
  world: World,
  analyse: Analyser,
  onAnalysed: OnAnalysed,
): RcaActivities {
  return {
    captureEvidence: ({ incidentId, incidentRunId, violation }) =>
      asFailure(async () => {
        const captured = await capture(world, violation, Date.now());
        await archiveCaptured(world, { id: incidentId, runId: incidentRunId }, captured);
      }),

    analyseIncident: (input) =>
      asFailure(async () => {
        const startedAtMs = Date.now();
        const ask = await gather(world, input, startedAtMs);
        const analysed = await analyseWithHeartbeats(world, analyse, ask);
        const report = { ...analysed, similar: await similarTo(world, input, analysed) };
        const { incidentId, incidentRunId } = input;
        const before = await world.archive.report(incidentId, incidentRunId);
        const reportId = await file(world, input, report);
        if (before === undefined) onAnalysed(report, Date.now() - startedAtMs);
        return {
          reportId,
          probableCause: report.summary,
          isConfident: report.isConfident,
        };
      }),
  };
}

/** A report there is always: where the analysis of the series fails, by the rest of the evidence. */
async function analyseWithHeartbeats(
  world: World,
  analyse: Analyser,
  ask: AnalysisAsk,
): Promise<RootCauseReport> {
  const context = Context.current();
  const onProgress = (progress: unknown): void => {
    context.heartbeat(progress);
    context.cancellationSignal.throwIfAborted();
  };
  const beat = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
  try {
    return await analyse(ask, onProgress);
  } catch (error) {
    context.cancellationSignal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    context.log.error('the analysis of the series failed; the report does without', { error: why });
    const { evidence } = ask;
    const missing = [...evidence.missing, `the series: ${why}`];
    const rest = { evidence: { ...evidence, missing }, queries: [] };
    return await analyseFrom(world.history, rest, onProgress, nextTurn);
  } finally {
    clearInterval(beat);
  }
}

async function similarTo(world: World, { incidentRunId }: RcaAsk, report: RootCauseReport) {
  const { service } = report.incident;
  const { items } = await world.archive.reports({ service, limit: MOST_PAST_REPORTS });
  const past = items.filter(({ runId }) => runId !== incidentRunId);
  return similarIncidents(report.features, past);
}

/** Archives the report, and its recommendations to be tracked; returns its id. */
async function file(world: World, input: RcaAsk, report: RootCauseReport): Promise<string> {
  const { incidentId, incidentRunId: runId } = input;
  const id = `report:${runId}`;
  const createdAtMs = Date.now();
  const { probableCause: cause, undetermined, isConfident, features } = report;
  const record: ReportRecord = {
    ...{ id, incidentId, runId, createdAtMs, isConfident, features },
    service: report.incident.service,
    probableCause: report.summary,
    category: cause?.kind ?? 'undetermined',
    likelihood: cause?.probability ?? undetermined,
    body: JSON.stringify(report),
    markdown: postmortemOf(report),
  };
  await world.archive.putReport(record);
  await world.archive.putRecommendations(
    report.recommendations.map(({ id: number, text, because, priority }) => ({
      ...{ id: `${id}:${number}`, incidentId, reportId: id, text, priority, createdAtMs },
      ...{ category: because, state: 'open', by: undefined, reason: undefined, atMs: undefined },
    })),
  );
  return id;
}
