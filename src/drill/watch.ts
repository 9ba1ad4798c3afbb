import type { Api } from '../commands/api.js';
import type { RootCauseReport } from '../domain/rca/report.js';
import type { IncidentDetailJson, IncidentJson } from '../server/incident-json.js';
import type { ProductionHealth } from '../server/health.js';
import type { NamedCause, SeenIncident } from './score.js';

/** Incidents of one drill are few; those of the list beyond this are older. */
const MOST_INCIDENTS = 50;

/** Follows the incidents that are opened after an instant, each run of each fingerprint. */
export class IncidentWatch {
  private readonly seenByRun = new Map<string, SeenIncident>();

  constructor(
    private readonly api: Api,
    private readonly sinceMs: number,
  ) {}

  /** What was seen, in no order. */
  get seen(): readonly SeenIncident[] {
    return [...this.seenByRun.values()];
  }

  /** Looks once. */
  async look(): Promise<void> {
    for (const { id, openedAt } of await listIncidents(this.api)) {
      if (Date.parse(openedAt) < this.sinceMs) continue;
      const path = `/v1/incidents/${encodeURIComponent(id)}`;
      const detail = (await this.api.get(path)) as IncidentDetailJson;
      const before = this.seenByRun.get(detail.runId);
      const named =
        before?.named ?? (detail.probableCause === null ? undefined : await this.reportOf(path));
      // An incident that has ended may be known by its record alone: its steps were seen before.
      const steps = detail.steps.length > 0 ? detail.steps : (before?.detail.steps ?? []);
      this.seenByRun.set(detail.runId, { detail: { ...detail, steps }, named });
    }
  }

  private async reportOf(path: string): Promise<NamedCause | undefined> {
    try {
      return namedBy((await this.api.get(`${path}/report`)) as RootCauseReport);
    } catch {
      // The incident knows of its cause a moment before the report can be read, or the analysis failed.
      return undefined;
    }
  }
}

/** What a report names as probable. */
function namedBy(report: RootCauseReport): NamedCause {
  const { probableCause: cause, undetermined, isConfident } = report;
  return cause
    ? {
        kind: cause.kind,
        replica: cause.replica,
        likelihood: cause.probability,
        isConfident,
      }
    : { kind: 'undetermined', replica: undefined, likelihood: undetermined, isConfident };
}

async function listIncidents(api: Api): Promise<readonly IncidentJson[]> {
  const list = (await api.get(`/v1/incidents?limit=${MOST_INCIDENTS}`)) as {
    incidents: IncidentJson[];
  };
  return list.incidents;
}

/** Why it is not quiet, in words: open incidents, active violations, parts that do not answer. */
export async function unrest(api: Api): Promise<string | undefined> {
  const open = (await listIncidents(api)).find(({ state }) => state !== 'resolved');
  if (open) return `${open.id} is ${open.state}`;
  const { health } = (await api.get('/v1/status')) as { health: ProductionHealth };
  if (health.active_violations > 0) return `${health.active_violations} violation(s) are active`;
  return health.problems[0];
}
