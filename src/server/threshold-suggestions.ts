import { z } from 'zod';
import type { DetectorClient } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';
import { byAndReason } from './shapes.js';

const BASE = '/internal/thresholds';
const BODY_LIMIT_BYTES = 1 << 10;

const suggestionShape = z
  .object({
    name: z.string(),
    verdict: z.enum(['keep', 'change']),
    reason: z.string(),
    unit: z.string(),
    samples: z.int().min(0),
    tolerancePercentNow: z.number(),
    limitNow: z.number(),
    proposed: z
      .object({
        tolerancePercent: z.number(),
        limit: z.number(),
        breachRatioNow: z.number(),
        breachRatioThen: z.number(),
      })
      .optional(),
  })
  .meta({
    id: 'ThresholdSuggestion',
    description: 'breach ratios are shares of the samples, 0..1',
  });
const suggestionsShape = z.object({ suggestions: z.array(suggestionShape) });
const changeShape = z.object({ changed: z.array(z.string()) });
const params = z.object({ name: z.string().min(1).max(200) });

const common = { tag: 'thresholds', bodyLimitBytes: BODY_LIMIT_BYTES } as const;

/** `/v1/thresholds/suggestions`, and taking one over: a person decides, never paramedic. */
export function thresholdSuggestionRoutes(detector: DetectorClient): Operation[] {
  return [
    operation({
      ...common,
      id: 'listThresholdSuggestions',
      method: 'get',
      path: '/v1/thresholds/suggestions',
      summary: 'Tolerances that the kept history speaks for; nothing is changed',
      role: 'viewer',
      answer: suggestionsShape,
      handle: async () => ({
        body: bodyOf(
          suggestionsShape,
          await detector.forward('GET', `${BASE}/suggestions`, undefined),
        ),
      }),
    }),
    operation({
      ...common,
      id: 'acceptThresholdSuggestion',
      method: 'post',
      path: '/v1/thresholds/{name}/accept',
      summary: 'Puts the tolerance that is suggested now into force',
      description: 'Where nothing is suggested it is 409, with why, and nothing is changed.',
      role: 'admin',
      params,
      query: z.strictObject(byAndReason),
      body: z.strictObject({}),
      answer: changeShape,
      audit: { line: ({ params: { name } }) => ({ what: 'thresholds-accept', target: name }) },
      handle: async ({ params: { name } }) => {
        const path = `${BASE}/${encodeURIComponent(name)}/accept`;
        return { body: bodyOf(changeShape, await detector.forward('POST', path, {})) };
      },
    }),
  ];
}
