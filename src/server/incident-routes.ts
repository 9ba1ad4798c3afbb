import { z } from 'zod';
import { INCIDENT_STATES, UNRESOLVED_STATES, type Archive } from '../domain/archive.js';
import { OPERATOR_ACTIONS } from '../workflows/operator-messages.js';
import {
  incidentDetailJson,
  incidentDetailShape,
  incidentJson,
  incidentShape,
} from './incident-json.js';
import type { Incidents } from './incidents.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { byAndReason, jsonValue, pageOf, pageQuery } from './shapes.js';

/** What the incidents' operations need. */
interface IncidentParts {
  readonly archive: Archive;
  readonly incidents: Incidents;
  /** Link to an incident in Temporal's UI. */
  readonly uiLink: (id: string, runId: string) => string;
}

const incidentId = z
  .string()
  .min(1)
  .max(1_000)
  .meta({ description: '`incident:chat:engine-2:request_latency_p95`, also without `incident:`' });
const params = z.object({ id: incidentId });
const tag = 'incidents';

/** `/v1/incidents`: the list, one of them, its report, and what operators do to it. */
export function incidentRoutes({ archive, incidents, uiLink }: IncidentParts): Operation[] {
  return [
    operation({
      id: 'listIncidents',
      method: 'get',
      path: '/v1/incidents',
      tag,
      summary: 'Incidents, newest first',
      role: 'viewer',
      query: pageQuery.extend({
        state: z.enum([...INCIDENT_STATES, 'unresolved']).optional(),
        service: z.string().max(200).optional(),
      }),
      answer: pageOf('incidents', incidentShape),
      async handle({ query: { state, ...query } }) {
        const states =
          state === 'unresolved' ? UNRESOLVED_STATES : state === undefined ? undefined : [state];
        const page = await archive.incidents({ ...query, states });
        const body = { incidents: page.items.map(incidentJson), next: page.next ?? null };
        return { body };
      },
    }),
    operation({
      id: 'getIncident',
      method: 'get',
      path: '/v1/incidents/{id}',
      tag,
      summary: 'One incident: state, steps, owed undos, what it waits for, timeline',
      role: 'viewer',
      params,
      answer: incidentDetailShape,
      async handle({ params: { id } }) {
        const record = await incidents.find(id);
        const [live, timeline] = await Promise.all([
          incidents.live(record),
          archive.timeline(record.id, record.runId),
        ]);
        const lines = timeline.length > 0 ? timeline : (live?.timeline ?? []);
        const link = uiLink(record.id, record.runId);
        return { body: incidentDetailJson(record, live, lines, link) };
      },
    }),
    operation({
      id: 'getIncidentReport',
      method: 'get',
      path: '/v1/incidents/{id}/report',
      tag,
      summary: 'The root cause report of an incident',
      description: 'As JSON, or with `format=markdown` as a postmortem.',
      role: 'viewer',
      params,
      query: z.strictObject({ format: z.enum(['json', 'markdown']).default('json') }),
      answer: { contentType: 'text/markdown; charset=utf-8', json: jsonValue },
      async handle({ params: { id: given }, query: { format } }) {
        const { id, runId } = await incidents.find(given);
        const report = await archive.report(id, runId);
        if (report === undefined) {
          throw new Problem(404, 'No report', `the analysis of "${id}" has not been filed yet`);
        }
        const body = format === 'markdown' ? report.markdown : (JSON.parse(report.body) as object);
        return { body: body as string };
      },
    }),
    operation({
      id: 'operateIncident',
      method: 'post',
      path: '/v1/incidents/{id}/{operation}',
      tag,
      summary: 'What operators do to an incident: approve, deny, abort, acknowledge, …',
      description:
        'Answered once the incident has taken it. A refusal is 409 and says why. `keep` is for `abort`: stop, and leave what was changed as it is.',
      role: 'operator',
      params: z.object({
        id: incidentId,
        operation: z.enum([...OPERATOR_ACTIONS, 'acknowledge']),
      }),
      body: z.strictObject({ ...byAndReason, keep: z.boolean().optional() }),
      answer: z
        .object({
          id: z.string(),
          operation: z.string(),
          result: z.string().meta({ description: 'what will come of it, in words' }),
        })
        .meta({ id: 'Operated' }),
      audit: { line: ({ params: p }) => ({ what: p.operation, target: p.id }) },
      async handle({ params: { id, operation: what }, body: { reason, keep }, by, from }) {
        const message = {
          ...{ by, from },
          ...(reason === undefined ? {} : { reason }),
          ...(keep === undefined ? {} : { keep }),
        };
        const key = crypto.randomUUID();
        const result = await incidents.operate(id, what, message, key);
        return { body: { id, operation: what, result }, audit: { detail: result, key } };
      },
    }),
  ];
}
