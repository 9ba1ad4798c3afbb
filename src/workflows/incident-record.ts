import type { IncidentRecord } from '../domain/archive.js';
import type { IncidentView } from './messages.js';

/** What the archive keeps of an incident as it is now. */
export function incidentRecordOf(view: IncidentView, revision: number): IncidentRecord {
  const { id, runId, state, outcome, openedAtMs, resolvedAtMs, procedure, probableCause } = view;
  const { service, replica, threshold, metric, violationType } = view.violation;
  const { severity, value, limit, unit } = view.violation;
  return {
    ...{ id, runId, state, outcome, openedAtMs, resolvedAtMs, procedure, probableCause },
    ...{ service, replica, threshold, metric, violationType, severity, value, limit, unit },
    revision,
  };
}
