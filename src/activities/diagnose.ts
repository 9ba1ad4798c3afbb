import { setImmediate as nextTurn } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { analysisSteps, type AnalysisProgress } from '../domain/rca/analyse.js';
import type { IncidentEvidence } from '../domain/rca/evidence.js';
import { postmortemOf } from '../domain/rca/postmortem.js';
import type { RootCauseReport } from '../domain/rca/report.js';
import type { RcaActivities } from './contract.js';
import { archiveCaptured, capture, gather } from './evidence.js';
import { asFailure } from './failure.js';
import type { World } from './world.js';

/** What is told of an analysis that was filed, for telemetry. */
export type OnAnalysed = (report: RootCauseReport, elapsedMs: number) => void;

/** What the rca queue's workers do for workflows. */
export function createRcaActivities(world: World, onAnalysed: OnAnalysed): RcaActivities {
  return {
    captureEvidence: ({ incidentId, incidentRunId, violation }) =>
      asFailure(async () => {
        const captured = await capture(world, violation, Date.now());
        await archiveCaptured(world, { id: incidentId, runId: incidentRunId }, captured);
      }),

    analyseIncident: (input) =>
      asFailure(async () => {
        const startedAtMs = Date.now();
        const report = await analyse(await gather(world, input));
        const { incidentId, incidentRunId: runId } = input;
        const id = `report:${runId}`;
        await world.archive.putReport({
          ...{ id, incidentId, runId, createdAtMs: Date.now() },
          probableCause: report.summary,
          body: JSON.stringify(report),
          markdown: postmortemOf(report),
        });
        onAnalysed(report, Date.now() - startedAtMs);
        return {
          reportId: id,
          probableCause: report.summary,
          isConfident: report.isConfident,
        };
      }),
  };
}

/** Analyses in steps of a few milliseconds, with a turn of the event loop after each: heartbeats go on. */
async function analyse(evidence: IncidentEvidence): Promise<RootCauseReport> {
  const context = Context.current();
  const steps = analysisSteps(evidence);
  for (;;) {
    const step: IteratorResult<AnalysisProgress, RootCauseReport> = steps.next();
    if (step.done === true) return step.value;
    context.heartbeat(step.value);
    context.cancellationSignal.throwIfAborted();
    await nextTurn();
  }
}
