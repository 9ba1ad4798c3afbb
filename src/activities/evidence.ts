import { AdapterError, type ChangeEvent } from '../domain/ports.js';
import type { DiagnosticEvidence, PastIncident, StepEvidence } from '../domain/rca/evidence.js';
import { FAILED_TRIALS_METRIC } from '../domain/recovery/failed-trials.js';
import type { CallEdge } from '../domain/rca/rank-input.js';
import type { Violation } from '../domain/sla/violation.js';
import type { StepReport } from '../workflows/messages.js';
import type { RcaAsk } from '../workflows/rca-messages.js';
import type { AnalysisAsk } from './analysis.js';
import type { ServiceWorld, World } from './world.js';

/** The design document's window of correlations. */
const WINDOW_MS = 60 * 60_000;
/** Lines of an engine's log that are kept. */
const LOG_LINES = 200;
/** One diagnostic text is cut to this; a metrics page of an engine has some 100 kB. */
const TEXT_LIMIT = 200_000;
/** The name under which what was captured at the opening is archived. */
const CAPTURED = 'evidence.json';

interface Captured {
  readonly changes: readonly ChangeEvent[];
  readonly diagnostics: readonly DiagnosticEvidence[];
  readonly missing: readonly string[];
}

/** Takes what recovery would change: the replicas’ own state, logs, and the changes before. */
export async function capture(
  world: World,
  violation: Violation,
  nowMs: number,
): Promise<Captured> {
  const missing: string[] = [];
  const service = world.services.get(violation.service);
  if (service === undefined) {
    return { changes: [], diagnostics: [], missing: [`"${violation.service}" is not configured`] };
  }
  const attempt = async <T>(what: string, run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      missing.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const { deployment } = service;
  const changes =
    deployment === undefined
      ? undefined
      : await attempt('changes', () => deployment.changes(service.name, nowMs - WINDOW_MS));
  if (deployment === undefined) missing.push('changes: no supervisor is configured');
  const affected = service.replicas.filter(
    ({ name }) => violation.replica === undefined || violation.replica === name,
  );
  const texts = await Promise.all(
    affected.map(({ name }) => diagnosticsOf(service, name, nowMs, attempt)),
  );
  return { changes: changes ?? [], diagnostics: texts.flat(), missing };
}

async function diagnosticsOf(
  service: ServiceWorld,
  replica: string,
  atMs: number,
  attempt: <T>(what: string, run: () => Promise<T>) => Promise<T | undefined>,
): Promise<DiagnosticEvidence[]> {
  const { engine, control, name } = service;
  const of = (kind: string, text: string): DiagnosticEvidence => ({
    ...{ atMs, service: name, replica, kind },
    text: text.slice(-TEXT_LIMIT),
  });
  const [state, logs] = await Promise.all([
    engine && attempt(`state of ${replica}`, () => engine.forensics(replica)),
    control && attempt(`log of ${replica}`, () => control.logs(name, replica, LOG_LINES)),
  ]);
  return [
    ...Object.entries(state ?? {}).map(([kind, text]) => of(kind, text)),
    ...(logs === undefined ? [] : [of('logs', logs)]),
  ];
}

/** Archives what was captured when the incident opened. */
export async function archiveCaptured(
  world: World,
  incident: { readonly id: string; readonly runId: string },
  captured: Captured,
): Promise<void> {
  const text = JSON.stringify(captured);
  await world.archive.putForensics(incident.id, incident.runId, CAPTURED, text);
}

/**
 * Everything that is known of an incident but its series: captured at its opening, recorded before it; and
 * the queries for its series, to the present, so that pictures show what recovery did.
 */
export async function gather(world: World, input: RcaAsk, nowMs: number): Promise<AnalysisAsk> {
  const { violation, openedAtMs, incidentId, incidentRunId } = input;
  const { service, replica, metric, direction, startedAtMs } = violation;
  const missing: string[] = [];
  const kept = await world.archive.forensics(incidentId, incidentRunId);
  const text = kept.find(({ name }) => name === CAPTURED)?.text;
  if (text === undefined) missing.push('state and logs at the opening were not captured');
  const captured = text === undefined ? undefined : (JSON.parse(text) as Captured);
  const fromMs = openedAtMs - WINDOW_MS;
  const told = await world.archive.changes({
    service,
    fromMs,
    toMs: openedAtMs,
    limit: MOST_CHANGES,
  });
  const others = await otherIncidents(world, input);
  const called = dependenciesOf(world, service);
  return {
    queries: [service, ...called.names].map((name) => ({ service: name, fromMs, toMs: nowMs })),
    evidence: {
      incident: {
        service,
        replica,
        metric: measuredAs(metric),
        direction,
        startedAtMs,
        openedAtMs,
      },
      series: [],
      topology: called.edges,
      changes: [...(captured?.changes ?? []), ...told],
      pastIncidents: others.past,
      interventions: others.interventions,
      steps: input.steps.flatMap(stepEvidence),
      diagnostics: captured?.diagnostics ?? [],
      missing: [...missing, ...(captured?.missing ?? [])],
    },
  };
}

/** What the analysis follows: a breaker's trials have no series, what they fail of has. */
function measuredAs(metric: string): string {
  return metric === FAILED_TRIALS_METRIC ? 'error_rate_percent' : metric;
}

/** More changes than these within an hour are no clue. */
const MOST_CHANGES = 200;

/** What a service calls, directly or not, as configured; only configured services have series. */
function dependenciesOf(
  world: World,
  service: string,
): { readonly names: readonly string[]; readonly edges: CallEdge[] } {
  const names = new Set<string>();
  const edges: CallEdge[] = [];
  const reached = new Set([service]);
  // A set takes additions while it is walked, so this is the whole closure, cycles included.
  for (const from of reached) {
    for (const to of world.services.get(from)?.dependsOn ?? []) {
      edges.push({ from, to });
      reached.add(to);
      if (to !== service && world.services.has(to)) names.add(to);
    }
  }
  return { names: [...names], edges };
}

/** A step that acted and was judged is an experiment; the others tell nothing. */
function stepEvidence(step: StepReport): StepEvidence[] {
  const { state, startedAtMs, action, target, line } = step;
  const isJudged =
    state === 'recovered' || state === 'improved' || state === 'no-effect' || state === 'worse';
  if (!isJudged) return [];
  const { replica } = target;
  return [{ atMs: startedAtMs ?? 0, action, replica, effect: state, summary: line }];
}

/** More incidents than these within an hour leave nothing that could be called normal anyway. */
const MOST_OTHERS = 100;
/** Actions that change how requests are spread; the others' effects are told by the supervisor. */
const SPREADING = /^(load_balancer_adjust|traffic_routing|circuit_breaker_open)\b/;
/** Stages whose lines tell that something was set, or put back. */
const SET_STAGES: ReadonlySet<string> = new Set(['changed', 'released', 'rolled-back', 'undone']);

/** When this service was ill before, as its other incidents tell, and what was done about it. */
async function otherIncidents(
  world: World,
  { violation, openedAtMs, incidentId, incidentRunId }: RcaAsk,
): Promise<{ readonly past: PastIncident[]; readonly interventions: ChangeEvent[] }> {
  const { service, windowMs } = violation;
  const { items } = await world.archive.incidents({
    service,
    openedSinceMs: openedAtMs - 2 * WINDOW_MS,
    limit: MOST_OTHERS,
  });
  const others = items.filter(({ id, runId }) => id !== incidentId || runId !== incidentRunId);
  const replicas = world.services.get(service)?.replicas ?? [];
  const replicaIn = (text: string) =>
    replicas.find(({ server }) => text.split(/[\s,;]+/).some((word) => word.endsWith(`/${server}`)))
      ?.name;
  const stories = await Promise.all(
    others.map(async ({ id, runId, replica }) => {
      const lines = await world.archive.timeline(id, runId);
      return lines
        .filter(({ stage, text }) => SET_STAGES.has(stage) && SPREADING.test(text))
        .map(({ atMs, stage, text }): ChangeEvent => {
          const summary = `a recovery: ${text}`;
          // What is put back is as it always was, but for whom it concerns: it explains nobody else.
          const concerned = stage === 'changed' ? undefined : replicaIn(text);
          return { atMs, service, replica: replica ?? concerned, kind: 'config', summary };
        });
    }),
  );
  const past = others.flatMap(({ openedAtMs: fromMs, resolvedAtMs }) =>
    resolvedAtMs === undefined || resolvedAtMs >= openedAtMs
      ? []
      : // It had lasted for about a window when it was opened.
        [{ fromMs: fromMs - windowMs, toMs: resolvedAtMs }],
  );
  return { past, interventions: stories.flat() };
}
