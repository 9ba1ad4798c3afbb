import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import { RECOMMENDATION_STATES, type RecommendationRecord } from '../domain/rca-archive.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { byAndReason, instant, iso, pageOf, pageQuery } from './shapes.js';

const state = z.enum(RECOMMENDATION_STATES);

const recommendationShape = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    reportId: z.string(),
    text: z.string(),
    category: z
      .string()
      .meta({ description: 'which kind of cause asks for it, or `missing-evidence`' }),
    priority: z.enum(['now', 'later']),
    state,
    createdAt: instant,
    by: z.string().nullable().meta({ description: 'who decided' }),
    reason: z.string().nullable(),
    at: instant.nullable().meta({ description: 'when it was decided' }),
  })
  .meta({ id: 'Recommendation' });
/** A recommendation, as API and CLI give it. */
export type RecommendationJson = z.output<typeof recommendationShape>;

function json({ createdAtMs, atMs, ...rest }: RecommendationRecord): RecommendationJson {
  const { by, reason } = rest;
  return {
    ...rest,
    createdAt: iso(createdAtMs),
    by: by ?? null,
    reason: reason ?? null,
    at: iso(atMs),
  };
}

/** `/v1/recommendations`: what reports ask people to do, and what became of it. */
export function recommendationRoutes(
  archive: Pick<Archive, 'recommendations' | 'decideRecommendation'>,
  nowMs: () => number,
): Operation[] {
  return [
    operation({
      id: 'listRecommendations',
      method: 'get',
      path: '/v1/recommendations',
      tag: 'reports',
      summary: 'What reports ask people to do, and what became of it; newest first',
      role: 'viewer',
      query: pageQuery.extend({
        state: state.optional(),
        incident: z.string().max(1_000).optional().meta({ description: 'only of that incident' }),
      }),
      answer: pageOf('recommendations', recommendationShape),
      async handle({ query: { state: only, incident: incidentId, ...query } }) {
        const states = only === undefined ? undefined : [only];
        const { items, next } = await archive.recommendations({ ...query, states, incidentId });
        return { body: { recommendations: items.map(json), next: next ?? null } };
      },
    }),
    operation({
      id: 'decideRecommendation',
      method: 'post',
      path: '/v1/recommendations/{id}',
      tag: 'reports',
      summary: 'Accepts, dismisses or reopens a recommendation, or says that it is done',
      role: 'operator',
      params: z.object({ id: z.string().min(1).max(1_000) }),
      body: z.strictObject({ ...byAndReason, state }),
      answer: recommendationShape,
      audit: {
        line: ({ params, body }) => ({ what: `recommendation ${body.state}`, target: params.id }),
      },
      async handle({ params: { id }, body, by }) {
        const reason = body.reason ?? '';
        const decided = { id, state: body.state, by, reason, atMs: nowMs() };
        const found = await archive.decideRecommendation(decided);
        if (found !== undefined) return { body: json(found) };
        throw new Problem(404, 'Unknown recommendation', `no recommendation is named "${id}"`);
      },
    }),
  ];
}
