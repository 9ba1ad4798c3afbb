import { z } from 'zod';
import { MAX_PAGE, type Archive } from '../domain/archive.js';
import type { DrillRecord } from '../domain/rca-archive.js';
import { operation, type Operation } from './operation.js';
import { byAndReason, instant, iso, jsonValue } from './shapes.js';

const drillShape = z
  .object({
    id: z.string(),
    at: instant,
    fault: z.string(),
    isRight: z.boolean(),
    result: jsonValue.meta({ description: 'as `paramedic drill --json` gives it' }),
  })
  .meta({ id: 'Drill' });

function json({ id, atMs, fault, isRight, body }: DrillRecord): z.output<typeof drillShape> {
  const result = JSON.parse(body) as z.output<typeof jsonValue>;
  return { id, at: iso(atMs), fault, isRight, result };
}

/** `/v1/drills`: what came of drills, for trends. */
export function drillRoutes(archive: Pick<Archive, 'putDrill' | 'drills'>): Operation[] {
  return [
    operation({
      id: 'fileDrill',
      method: 'post',
      path: '/v1/drills',
      tag: 'reports',
      summary: 'Files what came of a drill; once for each `id`',
      role: 'operator',
      body: z.strictObject({
        ...byAndReason,
        id: z.string().min(1).max(200),
        at: instant,
        fault: z.string().min(1).max(200),
        isRight: z.boolean(),
        result: jsonValue,
      }),
      answer: drillShape,
      status: 201,
      async handle({ body: { id, at, fault, isRight, result } }) {
        const body = JSON.stringify(result);
        const drill = { id, atMs: Date.parse(at), fault, isRight, body };
        await archive.putDrill(drill);
        return { body: json(drill), audit: { target: fault } };
      },
    }),
    operation({
      id: 'listDrills',
      method: 'get',
      path: '/v1/drills',
      tag: 'reports',
      summary: 'The drills, newest first',
      role: 'viewer',
      query: z.strictObject({
        from: instant.optional(),
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
      }),
      answer: z.object({ drills: z.array(drillShape), next: z.null() }),
      async handle({ query: { from, limit } }) {
        const sinceMs = from === undefined ? 0 : Date.parse(from);
        const drills = await archive.drills({ sinceMs, limit });
        return { body: { drills: drills.map(json), next: null } };
      },
    }),
  ];
}
