import { z } from 'zod';
import { OUTCOMES, type Archive, type ArchiveStatistics } from '../../domain/archive.js';
import { SEVERITIES } from '../../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../../domain/sla/threshold.js';
import {
  auditQuerySchema,
  auditSchema,
  deliveryQuerySchema,
  deliverySchema,
  forensicsRecordSchema,
  forensicsSchema,
  incidentQuerySchema,
  incidentSchema,
  pageQuerySchema,
  reportSchema,
  retentionSchema,
  timelineEntrySchema,
} from './records.js';

/** One method of the archive as it travels: what it takes, what it gives, and the call itself. */
export interface Operation<Input, Output> {
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly call: (archive: Archive, input: Input) => Promise<Output>;
}

const operation = <Input, Output>(
  input: z.ZodType<Input>,
  output: z.ZodType<Output>,
  call: (archive: Archive, input: Input) => Promise<Output>,
): Operation<Input, Output> => ({ input, output, call });

/** JSON leaves undefined fields out, and no result at all as well. */
const nothing = z.undefined();
const count = z.int().min(0);
const page = <T extends z.ZodType>(item: T) =>
  z
    .object({ items: z.array(item), next: z.string().optional() })
    .transform(({ items, next }) => ({ items, next }));
const ofRun = z.object({ incidentId: z.string(), runId: z.string() });
const ofIncident = z.object({ incidentId: z.string(), runId: z.string().optional() });

const statisticsSchema = z.object({
  incidentsOpened: count,
  recoveriesByOutcome: z.partialRecord(z.enum(OUTCOMES), count),
  reports: count,
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
  putReport: operation(reportSchema, nothing, (a, r) => a.putReport(r).then(() => undefined)),
  report: operation(ofIncident, reportSchema.optional(), (a, i) => a.report(i.incidentId, i.runId)),
  reports: operation(pageQuerySchema, page(reportSchema), (a, q) => a.reports(q)),
  putAudit: operation(auditSchema, nothing, (a, r) => a.putAudit(r).then(() => undefined)),
  audit: operation(auditQuerySchema, page(auditSchema), (a, q) => a.audit(q)),
  putDelivery: operation(deliverySchema, nothing, (a, r) => a.putDelivery(r).then(() => undefined)),
  deliveries: operation(deliveryQuerySchema, z.array(deliverySchema).readonly(), (a, q) =>
    a.deliveries(q),
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
    z.object({ incidents: count, reports: count, audit: count, deliveries: count }),
    (a, r) => a.deleteOlderThan(r),
  ),
} as const;
