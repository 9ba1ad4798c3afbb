import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import type { ReportSummary } from '../domain/rca-archive.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { rcaStatistics, statisticsShape } from './rca-statistics.js';
import { reportBody } from './report-schema.js';
import { instant, iso, jsonValue, pageOf, pageQuery } from './shapes.js';

const tag = 'reports';
const id = z.string().min(1).max(1_000);

const summaryShape = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    runId: z.string(),
    at: instant,
    service: z.string(),
    summary: z.string(),
    category: z.string().meta({ description: 'the kind of cause, or `undetermined`' }),
    likelihood: z.number(),
    isConfident: z.boolean(),
  })
  .meta({ id: 'ReportSummary' });

function summaryJson(report: ReportSummary): z.output<typeof summaryShape> {
  const { id: of, incidentId, runId, service, category, likelihood, isConfident } = report;
  return {
    ...{ id: of, incidentId, runId, service, category, likelihood, isConfident },
    at: iso(report.createdAtMs),
    summary: report.probableCause,
  };
}

const reportShape = z
  .object({ ...summaryShape.shape, body: jsonValue })
  .meta({ id: 'Report', description: '`body` is as in /v1/reports/schema.json' });

/** `/v1/reports` and `/v1/rca/statistics`. */
export function reportRoutes(
  archive: Pick<Archive, 'reports' | 'reportById' | 'recommendations' | 'drills'>,
  nowMs: () => number,
): Operation[] {
  return [
    operation({
      id: 'listReports',
      method: 'get',
      path: '/v1/reports',
      tag,
      summary: 'Root cause reports, newest first, without their bodies',
      role: 'viewer',
      query: pageQuery.extend({ service: z.string().max(200).optional() }),
      answer: pageOf('reports', summaryShape),
      async handle({ query }) {
        const { items, next } = await archive.reports(query);
        return { body: { reports: items.map(summaryJson), next: next ?? null } };
      },
    }),
    operation({
      id: 'getReportSchema',
      method: 'get',
      path: '/v1/reports/schema.json',
      tag,
      summary: 'The JSON schema of a report’s body',
      role: 'public',
      answer: z.record(z.string(), z.unknown()),
      handle: () => ({
        body: z.toJSONSchema(reportBody, { io: 'output' }) as object as Record<string, unknown>,
      }),
    }),
    operation({
      id: 'getReport',
      method: 'get',
      path: '/v1/reports/{id}',
      tag,
      summary: 'One root cause report',
      description: 'As JSON, or with `format=markdown` as a postmortem.',
      role: 'viewer',
      params: z.object({ id }),
      query: z.strictObject({ format: z.enum(['json', 'markdown']).default('json') }),
      answer: { contentType: 'text/markdown; charset=utf-8', json: reportShape },
      async handle({ params, query: { format } }) {
        const report = await archive.reportById(params.id);
        if (report === undefined) {
          throw new Problem(404, 'Unknown report', `no report is named "${params.id}"`);
        }
        if (format === 'markdown') return { body: report.markdown };
        const body = JSON.parse(report.body) as z.output<typeof jsonValue>;
        return { body: { ...summaryJson(report), body } };
      },
    }),
    operation({
      id: 'getRcaStatistics',
      method: 'get',
      path: '/v1/rca/statistics',
      tag,
      summary: 'What causes were named how surely, what became of recommendations, drills right',
      role: 'viewer',
      query: z.strictObject({
        days: z.coerce.number().int().min(1).max(366).default(30),
      }),
      answer: statisticsShape,
      handle: async ({ query: { days } }) => ({
        body: await rcaStatistics(archive, nowMs() - days * 86_400_000),
      }),
    }),
  ];
}
