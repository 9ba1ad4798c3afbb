import { z } from 'zod';
import {
  dedupKeyOf,
  labelsOf,
  type AlertSnapshot,
  type Paged,
} from '../../domain/monitor/alert.js';
import type { AlertSubject } from '../../domain/monitor/alert-book.js';
import type { Ladder } from '../../domain/monitor/escalation.js';
import { SEVERITIES } from '../../domain/sla/severity.js';
import type { Violation } from '../../domain/sla/violation.js';
import { incidentIdOf } from '../../workflows/messages.js';
import { violationSchema } from '../violation-schema.js';
import { deliverySchema, recordOf } from './delivery.js';

const ladderSchema: z.ZodType<Ladder> = z.object({
  level: z.int(),
  pagedAtMs: z
    .number()
    .optional()
    .transform((at): number | undefined => at),
  severity: z.enum(SEVERITIES),
  isAcknowledged: z.boolean(),
});

/** What people were told of one violation while Temporal was away, as it is kept on the disk. */
export const pageSchema = z.object({
  violation: violationSchema,
  openedAtMs: z.number(),
  ladder: ladderSchema,
  /** Channels that were told. */
  told: z.array(z.string()),
  /** Notifications so far. */
  count: z.int(),
  deliveries: z.array(deliverySchema),
  /** Its incident knows, and tells all that follows. */
  isHandedOver: z.boolean(),
  isOver: z.boolean(),
});
export type Page = z.output<typeof pageSchema>;

/** The incident that the violation would be, had there been a Temporal. */
export function snapshotOf(
  violation: Violation,
  openedAtMs: number,
  awaySinceMs: number,
): AlertSnapshot {
  const since = new Date(awaySinceMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    ...{ incidentId: incidentIdOf(violation.fingerprint), runId: '', openedAtMs, violation },
    ...{ state: 'escalated', outcome: undefined, procedure: undefined, lastLine: '', owed: [] },
    why: `Temporal has not answered since ${since}; the incident is opened and recovered once it does. A person may act before`,
    ...{ waiting: undefined, acknowledgedBy: undefined, probableCause: undefined },
  };
}

/** What its alerts are decided by. A run has no id yet: the key of its page stands in. */
export function subjectOf(violation: Violation, openedAtMs: number): AlertSubject {
  const incidentId = incidentIdOf(violation.fingerprint);
  const dedupKey = dedupKeyOf(incidentId, violation);
  return {
    ...{ incidentId, runId: dedupKey, alertId: dedupKey, dedupKey, openedAtMs },
    ...{ labels: labelsOf(violation), severity: violation.severity },
  };
}

/** What its incident is told of it, so that nothing is said twice. */
export function pagedOf({ violation, ladder, told, deliveries, openedAtMs }: Page): Paged {
  const { level, severity, pagedAtMs } = ladder;
  return {
    ...{ atMs: pagedAtMs ?? openedAtMs, channels: told, level: Math.max(0, level), severity },
    dedupKey: dedupKeyOf(incidentIdOf(violation.fingerprint), violation),
    // Those under way are delivered here all the same; how, only the log will tell.
    deliveries: deliveries.filter(({ state }) => state !== 'pending').map(recordOf),
  };
}
