import { z } from 'zod';
import { OUTCOMES, type ArchiveStatistics } from '../../domain/archive.js';
import { SEVERITIES } from '../../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../../domain/sla/threshold.js';
import { RCA_OPERATIONS } from './rca-operations.js';
import { count, nothing, ofIncident, ofRun, operation, page } from './operation.js';
import {
  alertQuerySchema,
  alertSchema,
  auditQuerySchema,
  auditSchema,
  callClaimSchema,
  callSchema,
  deliveryQuerySchema,
  deliverySchema,
  forensicsRecordSchema,
  forensicsSchema,
  incidentQuerySchema,
  incidentSchema,
  retentionSchema,
  settledCallSchema,
  timelineEntrySchema,
} from './records.js';

const statisticsSchema = z.object({
  incidentsOpened: count,
  recoveriesByOutcome: z.partialRecord(z.enum(OUTCOMES), count),
  reports: count,
  alertsSent: count,
  violations: z.array(
    z.object({ severity: z.enum(SEVERITIES), violationType: z.enum(VIOLATION_TYPES), count }),
  ),
  recoveries: z.array(z.object({ procedure: z.string(), outcome: z.enum(OUTCOMES), count })),
}) satisfies z.ZodType<ArchiveStatistics>;

/** Every method of the port but `close`, by its name; the name is the last part of the URL. */
export const OPERATIONS = {
  putIncident: operation(incidentSchema, nothing, (a, r) => a.putIncident(r).then(() => undefined)),
  incidents: operation(incidentQuerySchema, page(incidentSchema), (a, q) => a.incidents(q)),
  incident: operation(ofIncident, incidentSchema.optional(), (a, i) =>
    a.incident(i.incidentId, i.runId),
  ),
  putTimeline: operation(z.array(timelineEntrySchema).readonly(), nothing, (a, e) =>
    a.putTimeline(e).then(() => undefined),
  ),
  timeline: operation(ofRun, z.array(timelineEntrySchema).readonly(), (a, i) =>
    a.timeline(i.incidentId, i.runId),
  ),
  ...RCA_OPERATIONS,
  putAudit: operation(auditSchema, nothing, (a, r) => a.putAudit(r).then(() => undefined)),
  audit: operation(auditQuerySchema, page(auditSchema), (a, q) => a.audit(q)),
  putDelivery: operation(deliverySchema, nothing, (a, r) => a.putDelivery(r).then(() => undefined)),
  deliveries: operation(deliveryQuerySchema, z.array(deliverySchema).readonly(), (a, q) =>
    a.deliveries(q),
  ),
  putAlert: operation(alertSchema, nothing, (a, r) => a.putAlert(r).then(() => undefined)),
  alerts: operation(alertQuerySchema, page(alertSchema), (a, q) => a.alerts(q)),
  claimCall: operation(callClaimSchema, callSchema, (a, c) => a.claimCall(c)),
  settleCall: operation(settledCallSchema, nothing, (a, c) =>
    a.settleCall(c).then(() => undefined),
  ),
  putForensics: operation(forensicsSchema, nothing, (a, f) =>
    a.putForensics(f.incidentId, f.runId, f.name, f.text).then(() => undefined),
  ),
  forensics: operation(ofRun, z.array(forensicsRecordSchema).readonly(), (a, i) =>
    a.forensics(i.incidentId, i.runId),
  ),
  statistics: operation(z.object({ sinceMs: z.int() }), statisticsSchema, (a, i) =>
    a.statistics(i.sinceMs),
  ),
  deleteOlderThan: operation(
    retentionSchema,
    z.object({
      ...{ incidents: count, reports: count, audit: count, deliveries: count, alerts: count },
      calls: count,
    }),
    (a, r) => a.deleteOlderThan(r),
  ),
} as const;
