import { sampleCorrelation } from 'simple-statistics';
import type { SeriesPoints } from '../domain/ports.js';
import { standsOut } from '../domain/recovery/outlier.js';
import type { RcaInput, RcaResult } from '../workflows/messages.js';
import type { RcaActivities } from './contract.js';
import { asFailure } from './failure.js';
import { replicaLevels } from './replica-levels.js';
import type { World } from './world.js';

/** How far before the incident series are compared with the violated one (FEATURES, section 3). */
const LOOKBACK_MS = 30 * 60_000;
/** Fewer common instants say nothing about a correlation. */
const MIN_COMMON = 20;
/** From here on Pearson's r is called strong. */
const STRONG = 0.8;

/** What the rca queue's workers do for workflows. */
export function createRcaActivities(world: World): RcaActivities {
  return {
    captureEvidence: ({ incidentId, incidentRunId, violation }) =>
      asFailure(async () => {
        const balancer = world.services.get(violation.service)?.loadBalancer;
        const state = {
          violation,
          servers: balancer === undefined ? [] : await balancer.port.servers(balancer.backend),
        };
        await world.archive.putForensics(
          incidentId,
          incidentRunId,
          'evidence.json',
          JSON.stringify(state, null, 2),
        );
      }),
    analyseIncident: (input) => asFailure(() => analyse(world, input)),
  };
}

async function analyse(world: World, input: RcaInput): Promise<RcaResult> {
  const { violation, openedAtMs, incidentId, incidentRunId } = input;
  const service = world.services.get(violation.service);
  const levels =
    service === undefined
      ? []
      : await replicaLevels(world, service, violation.metric, openedAtMs, violation.windowMs);
  const outlier = standsOut(levels, violation.direction);
  const series = await world.history.range({
    service: violation.service,
    fromMs: openedAtMs - LOOKBACK_MS,
    toMs: openedAtMs,
  });
  const violated = series.find(
    (s) => s.metric === violation.metric && s.replica === violation.replica,
  );
  const companions = violated === undefined ? [] : correlated(violated, series);
  const probableCause =
    outlier === undefined
      ? `undetermined: no replica of ${violation.service} stands out in ${violation.metric}`
      : `${outlier.replica}: its ${violation.metric} was ${outlier.times.toFixed(1)} × that of its peers`;
  const detail = companions
    .slice(0, 5)
    .map(({ name, r }) => `${name} (r = ${r.toFixed(2)})`)
    .join(', ');
  const report = {
    incident: incidentId,
    probableCause,
    isConfident: outlier !== undefined,
    levels,
    correlations: companions,
    steps: input.steps,
  };
  const reportId = `report:${incidentRunId}`;
  await world.archive.putReport({
    id: reportId,
    incidentId,
    runId: incidentRunId,
    createdAtMs: Date.now(),
    probableCause,
    body: JSON.stringify(report),
    markdown: `# ${incidentId}\n\n**Probable cause:** ${probableCause}\n\nMoved with it: ${detail || 'nothing'}\n`,
  });
  return { reportId, probableCause, isConfident: outlier !== undefined };
}

/** Series that moved with the violated one, strongest first: Pearson over a common grid of seconds. */
function correlated(violated: SeriesPoints, all: readonly SeriesPoints[]) {
  const grid = new Map(violated.timesMs.map((t, i) => [Math.round(t / 1000), violated.values[i]]));
  return all
    .filter((s) => s !== violated)
    .flatMap((s) => {
      const a: number[] = [];
      const b: number[] = [];
      s.timesMs.forEach((t, i) => {
        const own = grid.get(Math.round(t / 1000));
        const value = s.values[i];
        if (own === undefined || value === undefined) return;
        a.push(own);
        b.push(value);
      });
      if (a.length < MIN_COMMON) return [];
      const r = sampleCorrelation(a, b);
      if (!(Math.abs(r) >= STRONG)) return [];
      return [{ name: `${s.metric} of ${s.replica ?? s.service}`, r }];
    })
    .sort((x, y) => Math.abs(y.r) - Math.abs(x.r));
}
