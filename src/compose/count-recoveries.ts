import { OUTCOMES, type Archive, type IncidentRecord } from '../domain/archive.js';
import type { Telemetry } from '../telemetry.js';

/** More runs than this are never open at once; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/**
 * The archive, counting each recovery when its outcome is first written: an activity that is retried
 * writes the same run again, and so do later writes of it. The duration is from the incident's opening
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
  const counted = new Set<string>();
  const count = ({ id, runId, procedure, outcome, openedAtMs }: IncidentRecord) => {
    const key = `${id}/${runId}`;
    if (procedure === undefined || outcome === undefined || counted.has(key)) return;
    counted.add(key);
    const [oldest] = counted;
    if (counted.size > REMEMBERED && oldest !== undefined) counted.delete(oldest);
    recovery.executions.add({ procedure, status: outcome });
    recovery.duration.observe({ procedure }, Math.max(0, nowMs() - openedAtMs) / 1000);
  };
  return {
    ...archive,
    async putIncident(record) {
      await archive.putIncident(record);
      count(record);
    },
  };
}
