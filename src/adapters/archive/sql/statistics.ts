import { z } from 'zod';
import { OUTCOMES, type ArchiveStatistics, type Outcome } from '../../../domain/archive.js';
import { SEVERITIES } from '../../../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../../../domain/sla/threshold.js';
import { checked } from '../records.js';
import type { SqlDatabase } from './database.js';

/** Kinds of `retired_totals`, each with what its two names are. */
export const RETIRED = {
  /** a: severity, b: violation type. */
  violation: 'violation',
  /** a: procedure, or empty where none ran; b: outcome. */
  recovery: 'recovery',
  /** Both empty. */
  report: 'report',
  /** Alerts that were sent; both empty. */
  alert: 'alert',
} as const;

const tallySchema = z.array(
  z.object({ kind: z.enum(RETIRED), a: z.string(), b: z.string(), total: z.coerce.number() }),
);

/**
 * Counts by kind and names; those that retention deleted join in when `sinceMs` is 0.
 * One statement, so that all figures are of one moment.
 */
export async function statistics(db: SqlDatabase, sinceMs: number): Promise<ArchiveStatistics> {
  const since = checked(z.int(), 'statistics since', sinceMs);
  const rows = await db.query({
    sql: `SELECT kind, a, b, SUM(total) AS "total" FROM (
        SELECT '${RETIRED.violation}' AS kind, severity AS a, violation_type AS b, COUNT(*) AS total
          FROM incidents WHERE opened_at_ms >= $1 GROUP BY severity, violation_type
        UNION ALL
        SELECT '${RETIRED.recovery}', COALESCE(procedure_name, ''), outcome, COUNT(*)
          FROM incidents WHERE opened_at_ms >= $1 AND outcome IS NOT NULL
          GROUP BY COALESCE(procedure_name, ''), outcome
        UNION ALL
        SELECT '${RETIRED.report}', '', '', COUNT(*) FROM reports WHERE created_at_ms >= $1
        UNION ALL
        SELECT '${RETIRED.alert}', '', '', COUNT(*) FROM alerts
          WHERE at_ms >= $1 AND state = 'sent'
        UNION ALL
        SELECT kind, a, b, total FROM retired_totals WHERE $1 = 0
      ) AS tally GROUP BY kind, a, b ORDER BY kind, a, b`,
    binds: [since],
  });
  const tally = checked(tallySchema, 'stored totals', rows);
  const of = (kind: keyof typeof RETIRED) => tally.filter((t) => t.kind === kind && t.total > 0);
  const outcomes = z.enum(OUTCOMES);
  const recoveries = of('recovery').map((t) => ({
    procedure: t.a,
    outcome: checked(outcomes, 'stored outcome', t.b),
    count: t.total,
  }));
  const recoveriesByOutcome: Partial<Record<Outcome, number>> = {};
  for (const { outcome, count } of recoveries) {
    recoveriesByOutcome[outcome] = (recoveriesByOutcome[outcome] ?? 0) + count;
  }
  return {
    incidentsOpened: of('violation').reduce((sum, t) => sum + t.total, 0),
    recoveriesByOutcome,
    reports: of('report').reduce((sum, t) => sum + t.total, 0),
    alertsSent: of('alert').reduce((sum, t) => sum + t.total, 0),
    violations: of('violation').map((t) => ({
      severity: checked(z.enum(SEVERITIES), 'stored severity', t.a),
      violationType: checked(z.enum(VIOLATION_TYPES), 'stored violation type', t.b),
      count: t.total,
    })),
    recoveries: recoveries.filter((r) => r.procedure !== ''),
  };
}
