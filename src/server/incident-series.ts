import { z } from 'zod';
import type { Archive, IncidentRecord } from '../domain/archive.js';
import type { SeriesPoints } from '../domain/ports.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { RootCauseReport } from '../domain/rca/report.js';
import type { DetectorClient } from './detector-client.js';
import type { Incidents } from './incidents.js';
import { operation, type Operation } from './operation.js';
import { instant, iso } from './shapes.js';
import { thinSeries } from './thin-series.js';

/** What came before shows what is usual. */
const LEAD_MS = 10 * 60_000;
const TAIL_MS = 2 * 60_000;
/** More is no more to see on a screen. */
const POINTS = 600;
/** Related series that the report names, beside the violated one. */
const RELATED = 6;
/** Of all series of a service, no more than a page can show. */
const MOST_SERIES = 300;

/** Stages at which something was changed, decided or learnt: what a chart marks. */
const MARKED = new Set([
  'violation',
  'changed',
  'undone',
  'undo-failed',
  'rolled-back',
  'recovered',
  'release',
  'released',
  'kept',
  'returned',
  'compliant',
  'escalated',
  'closed',
]);

const answer = z
  .object({
    series: z.array(
      z.object({
        service: z.string(),
        replica: z.string().nullable(),
        metric: z.string(),
        unit: z.string().nullable(),
        limit: z.number().nullable(),
        points: z
          .array(z.array(z.number()))
          .meta({ description: '[Unix ms, value], in order of time' }),
      }),
    ),
    marks: z.array(z.object({ at: instant, stage: z.string(), text: z.string() })),
  })
  .meta({ id: 'IncidentSeries' });

/** `GET /v1/incidents/{id}/series`. */
export function incidentSeriesRoutes(parts: {
  readonly archive: Pick<Archive, 'report' | 'timeline'>;
  readonly incidents: Pick<Incidents, 'find' | 'live'>;
  readonly detector: DetectorClient;
  readonly nowMs: () => number;
}): Operation[] {
  const { archive, incidents, detector, nowMs } = parts;
  return [
    operation({
      id: 'getIncidentSeries',
      method: 'get',
      path: '/v1/incidents/{id}/series',
      tag: 'incidents',
      summary: 'The series that matter for an incident, and what to mark on them',
      description:
        'From ten minutes before it opened, thinned to what a screen shows, while the detector holds them (an hour).',
      role: 'viewer',
      params: z.object({ id: z.string().min(1).max(1_000) }),
      query: z.strictObject({
        all: z
          .enum(['1', 'true'])
          .optional()
          .meta({ description: 'all series of the service, not only those that matter' }),
      }),
      answer,
      async handle({ params: { id }, query }) {
        const record = await incidents.find(id);
        const report = await archive.report(record.id, record.runId);
        const body =
          report === undefined ? undefined : (JSON.parse(report.body) as RootCauseReport);
        const filed = await archive.timeline(record.id, record.runId);
        const lines = filed.length > 0 ? filed : ((await incidents.live(record))?.timeline ?? []);
        const search = new URLSearchParams({
          service: record.service,
          fromMs: String(record.openedAtMs - LEAD_MS),
          toMs: String(Math.min(nowMs(), (record.resolvedAtMs ?? Infinity) + TAIL_MS)),
        });
        if (query.all === undefined) {
          search.set('metrics', metricsThatMatter(record, body).join(','));
        }
        const path = `/internal/history?${search.toString()}`;
        const found = await detector.forward('GET', path, undefined);
        const { series = [] } = found.body as { series?: readonly SeriesPoints[] };
        const status = await detector.status();
        const limits = new Map(
          (status?.thresholds ?? []).map((t) => [t.metric, { limit: limitOf(t), unit: t.unit }]),
        );
        limits.set(record.metric, { limit: record.limit, unit: record.unit });
        const shown = series.slice(0, MOST_SERIES);
        return { body: incidentSeriesJson(shown, limits, lines, record.metric) };
      },
    }),
  ];
}

/** The violated metric first, then those that the report relates to it. */
function metricsThatMatter(
  record: IncidentRecord,
  report: Partial<RootCauseReport> | undefined,
): string[] {
  const related = (report?.related ?? []).slice(0, RELATED).map(({ metric }) => metric);
  const cause = report?.probableCause?.metric;
  return [...new Set([record.metric, ...(cause === undefined ? [] : [cause]), ...related])];
}

/**
 * `series`: per service, replica and metric its points, thinned to what a screen shows, and the limit
 * where a threshold sets one; `marks`: what was changed, decided or learnt, for the charts.
 */
function incidentSeriesJson(
  series: readonly SeriesPoints[],
  limits: ReadonlyMap<string, { readonly limit: number; readonly unit: string }>,
  lines: readonly { readonly atMs: number; readonly stage: string; readonly text: string }[],
  violated: string,
) {
  return {
    series: series
      .map(({ service, replica, metric, ...points }) => ({
        service,
        replica: replica ?? null,
        metric,
        unit: limits.get(metric)?.unit ?? null,
        limit: limits.get(metric)?.limit ?? null,
        points: thinSeries(points, POINTS),
      }))
      .sort((a, b) => Number(b.metric === violated) - Number(a.metric === violated)),
    marks: lines
      .filter(({ stage }) => MARKED.has(stage))
      .map(({ atMs, stage, text }) => ({ at: iso(atMs), stage, text })),
  };
}
