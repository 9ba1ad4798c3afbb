import { z } from 'zod';
import { nothing, ofIncident, operation, page } from './operation.js';
import {
  changeQuerySchema,
  changeSchema,
  decisionSchema,
  drillQuerySchema,
  drillSchema,
  recommendationQuerySchema,
  recommendationSchema,
  reportQuerySchema,
  reportSchema,
  reportSummarySchema,
} from './rca-records.js';

/** The methods of `RcaArchive`, by their names. */
export const RCA_OPERATIONS = {
  putReport: operation(reportSchema, nothing, (a, r) => a.putReport(r).then(() => undefined)),
  report: operation(ofIncident, reportSchema.optional(), (a, i) => a.report(i.incidentId, i.runId)),
  reportById: operation(z.object({ id: z.string() }), reportSchema.optional(), (a, i) =>
    a.reportById(i.id),
  ),
  reports: operation(reportQuerySchema, page(reportSummarySchema), (a, q) => a.reports(q)),
  putRecommendations: operation(z.array(recommendationSchema).readonly(), nothing, (a, r) =>
    a.putRecommendations(r).then(() => undefined),
  ),
  recommendations: operation(recommendationQuerySchema, page(recommendationSchema), (a, q) =>
    a.recommendations(q),
  ),
  decideRecommendation: operation(decisionSchema, recommendationSchema.optional(), (a, d) =>
    a.decideRecommendation(d),
  ),
  putChange: operation(changeSchema, nothing, (a, c) => a.putChange(c).then(() => undefined)),
  changes: operation(changeQuerySchema, z.array(changeSchema).readonly(), (a, q) => a.changes(q)),
  putDrill: operation(drillSchema, nothing, (a, d) => a.putDrill(d).then(() => undefined)),
  drills: operation(drillQuerySchema, z.array(drillSchema).readonly(), (a, q) => a.drills(q)),
} as const;
