import { z } from 'zod';
import type { DetectorClient, Method } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';
import { byAndReason, jsonValue } from './shapes.js';

/** A threshold takes some 300 bytes. */
const BODY_LIMIT_BYTES = 256 << 10;
const BASE = '/internal/thresholds';

/** As the configuration writes it: the detector judges it by the configuration's own schema. */
const givenShape = z
  .record(z.string(), jsonValue)
  .meta({ id: 'ThresholdGiven', description: 'as the configuration writes it' });
const thresholdShape = z
  .looseObject({
    name: z.string(),
    metric: z.string(),
    target: z.number(),
    tolerance: z.string(),
    direction: z.enum(['upper', 'lower']),
    unit: z.string(),
    window: z.string(),
    sustained: z.string(),
    violationType: z.string(),
    enabled: z.boolean(),
  })
  .meta({ id: 'Threshold' });
const listShape = z.object({
  thresholds: z.array(thresholdShape),
  changedByApi: z.array(z.string()),
  removedByApi: z.array(z.string()),
});
const changeShape = z
  .object({ changed: z.array(z.string()) })
  .meta({ id: 'ThresholdChange', description: 'names of the thresholds that are other now' });

const params = z.object({ name: z.string().min(1).max(200) });
const query = z.strictObject(byAndReason);
const common = { tag: 'thresholds', bodyLimitBytes: BODY_LIMIT_BYTES } as const;
const REFUSAL = 'A refused change is 400 with every mistake, and changes nothing.';

/** `/v1/thresholds`: the thresholds in force, and changes of them. */
export function thresholdRoutes(detector: DetectorClient): Operation[] {
  const pathOf = (name: string) => `${BASE}/${encodeURIComponent(name)}`;
  const read = async <T>(shape: z.ZodType<T>, path: string) => ({
    body: bodyOf(shape, await detector.forward('GET', path, undefined)),
  });
  const change = async (method: Method, path: string, given?: unknown) => {
    const body = bodyOf(changeShape, await detector.forward(method, path, given));
    const { changed } = body;
    const detail = changed.length === 0 ? 'nothing differs' : `changed: ${changed.join(', ')}`;
    return { body, audit: { detail } };
  };
  return [
    operation({
      ...common,
      id: 'listThresholds',
      method: 'get',
      path: '/v1/thresholds',
      summary: 'The thresholds in force, and which of them the API changed',
      role: 'viewer',
      answer: listShape,
      handle: () => read(listShape, BASE),
    }),
    operation({
      ...common,
      id: 'getThreshold',
      method: 'get',
      path: '/v1/thresholds/{name}',
      summary: 'One threshold',
      role: 'viewer',
      params,
      answer: thresholdShape,
      handle: ({ params: { name } }) => read(thresholdShape, pathOf(name)),
    }),
    operation({
      ...common,
      id: 'replaceThresholds',
      method: 'put',
      path: '/v1/thresholds',
      summary: 'Replaces the whole list',
      description: REFUSAL,
      role: 'admin',
      query,
      body: z.strictObject({ thresholds: z.array(jsonValue).max(1_000) }),
      answer: changeShape,
      audit: { line: () => ({ what: 'thresholds-put' }) },
      handle: ({ body }) => change('PUT', BASE, body),
    }),
    operation({
      ...common,
      id: 'addThreshold',
      method: 'post',
      path: '/v1/thresholds',
      summary: 'Adds a threshold',
      description: REFUSAL,
      role: 'admin',
      query,
      body: givenShape,
      status: 201,
      answer: changeShape,
      audit: { line: () => ({ what: 'thresholds-post' }) },
      handle: ({ body }) => change('POST', BASE, body),
    }),
    operation({
      ...common,
      id: 'reloadThresholds',
      method: 'post',
      path: '/v1/thresholds/reload',
      summary: 'Reads the thresholds of the configuration again, all or none',
      description: '`dropChanges` takes back what the API changed.',
      role: 'admin',
      query,
      body: z.strictObject({ dropChanges: z.boolean().default(false) }),
      answer: changeShape,
      audit: { line: () => ({ what: 'thresholds-reload' }) },
      handle: ({ body }) => change('POST', `${BASE}/reload`, body),
    }),
    operation({
      ...common,
      id: 'setThreshold',
      method: 'put',
      path: '/v1/thresholds/{name}',
      summary: 'Replaces one threshold, or adds it',
      description: REFUSAL,
      role: 'admin',
      params,
      query,
      body: givenShape,
      answer: changeShape,
      audit: { line: ({ params: { name } }) => ({ what: 'thresholds-put', target: name }) },
      handle: ({ params: { name }, body }) => change('PUT', pathOf(name), body),
    }),
    operation({
      ...common,
      id: 'removeThreshold',
      method: 'delete',
      path: '/v1/thresholds/{name}',
      summary: 'Removes one threshold',
      role: 'admin',
      params,
      query,
      answer: changeShape,
      audit: { line: ({ params: { name } }) => ({ what: 'thresholds-delete', target: name }) },
      handle: ({ params: { name } }) => change('DELETE', pathOf(name)),
    }),
  ];
}
