import { OUTCOMES, type Archive, type IncidentRecord } from '../domain/archive.js';
import type { Telemetry } from '../telemetry.js';

/** More runs than this are never open at once; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** Says of each key whether it is the first time. */
function onceEach(): (key: string) => boolean {
  const known = new Set<string>();
  return (key) => {
    if (known.has(key)) return false;
    known.add(key);
    const [oldest] = known;
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    return true;
  };
}

/**
 * The archive, counting each incident that has ended, and each recovery when its outcome is first
 * written: an activity that is retried writes the same run again, and so do later writes of it. The duration is from the incident's opening
 * to then, which an approval that was waited for is part of. The series of `procedures` are there from
 * the start, at 0.
 */
export function countRecoveries(
  archive: Archive,
  { recovery }: Pick<Telemetry, 'recovery'>,
  procedures: readonly string[],
  nowMs: () => number,
): Archive {
  for (const procedure of procedures) {
    for (const status of OUTCOMES) recovery.executions.add({ procedure, status }, 0);
    recovery.duration.expect({ procedure });
  }
  const recovered = onceEach();
  const ended = onceEach();
  const count = (record: IncidentRecord) => {
    const { id, runId, procedure, state, outcome, openedAtMs, resolvedAtMs } = record;
    const key = `${id}/${runId}`;
    const sinceOpenedS = (toMs: number) => Math.max(0, toMs - openedAtMs) / 1000;
    if (procedure !== undefined && outcome !== undefined && recovered(key)) {
      recovery.executions.add({ procedure, status: outcome });
      recovery.duration.observe({ procedure }, sinceOpenedS(nowMs()));
    }
    if (state !== 'resolved' || !ended(key)) return;
    recovery.incidents.add({ outcome: outcome ?? 'none' });
    recovery.incidentDuration.observe({}, sinceOpenedS(resolvedAtMs ?? nowMs()));
  };
  return {
    ...archive,
    async putIncident(record) {
      await archive.putIncident(record);
      count(record);
    },
  };
}
