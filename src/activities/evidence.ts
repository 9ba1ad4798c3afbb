import { AdapterError, type ChangeEvent, type SeriesPoints } from '../domain/ports.js';
import type { DiagnosticEvidence, IncidentEvidence, StepEvidence } from '../domain/rca/evidence.js';
import type { PastIncident } from '../domain/rca/past-incidents.js';
import type { Violation } from '../domain/sla/violation.js';
import type { RcaInput, StepReport } from '../workflows/messages.js';
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

/** Everything that is known of an incident: captured at its opening, and recorded before it. */
export async function gather(world: World, input: RcaInput): Promise<IncidentEvidence> {
  const { violation, openedAtMs, incidentId, incidentRunId } = input;
  const { service, replica, metric, direction, startedAtMs } = violation;
  const missing: string[] = [];
  let series: readonly SeriesPoints[] = [];
  try {
    series = await world.history.range({
      service,
      fromMs: openedAtMs - WINDOW_MS,
      toMs: openedAtMs,
    });
    if (series.length === 0) missing.push('history: no series of this service were recorded');
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    missing.push(`history: ${error.message}`);
  }
  const kept = await world.archive.forensics(incidentId, incidentRunId);
  const text = kept.find(({ name }) => name === CAPTURED)?.text;
  if (text === undefined) missing.push('state and logs at the opening were not captured');
  const captured = text === undefined ? undefined : (JSON.parse(text) as Captured);
  return {
    incident: { service, replica, metric, direction, startedAtMs, openedAtMs },
    series,
    topology: [],
    changes: captured?.changes ?? [],
    pastIncidents: await pastIncidents(world, violation, openedAtMs),
    steps: input.steps.flatMap(stepEvidence),
    diagnostics: captured?.diagnostics ?? [],
    missing: [...missing, ...(captured?.missing ?? [])],
  };
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
const MOST_PAST = 200;

/** When this service was ill within the window before, as its incidents tell. */
async function pastIncidents(
  world: World,
  { service, windowMs }: Violation,
  openedAtMs: number,
): Promise<PastIncident[]> {
  const { items } = await world.archive.incidents({
    service,
    openedSinceMs: openedAtMs - 2 * WINDOW_MS,
    limit: MOST_PAST,
  });
  return items.flatMap(({ openedAtMs: fromMs, resolvedAtMs }) =>
    resolvedAtMs === undefined || resolvedAtMs >= openedAtMs
      ? []
      : // It had lasted for about a window when it was opened.
        [{ fromMs: fromMs - windowMs, toMs: resolvedAtMs }],
  );
}
