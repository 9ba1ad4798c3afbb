import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import type { ChangeRecord } from '../domain/rca-archive.js';
import { operation, type Operation } from './operation.js';
import { byAndReason, instant, iso } from './shapes.js';

const HOUR_MS = 3_600_000;
const kind = z.enum(['release', 'scale', 'restart', 'config', 'other']);
const service = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'its name, or `*` for what concerns all' });

const changeShape = z
  .object({
    id: z.string(),
    at: instant,
    service: z.string(),
    replica: z.string().nullable(),
    kind,
    summary: z.string(),
    by: z.string(),
  })
  .meta({ id: 'Change' });

function json({ atMs, replica, ...rest }: ChangeRecord): z.output<typeof changeShape> {
  return { ...rest, at: iso(atMs), replica: replica ?? null };
}

/** `/v1/changes`: what people and pipelines changed, told to paramedic as evidence for analyses. */
export function changeRoutes(
  archive: Pick<Archive, 'putChange' | 'changes'>,
  nowMs: () => number,
): Operation[] {
  return [
    operation({
      id: 'tellChange',
      method: 'post',
      path: '/v1/changes',
      tag: 'reports',
      summary: 'Tells of a change that was made: a release, a setting, a scaling, a restart',
      description:
        'Analyses take it as evidence. Told twice with the same `id` it is there once. Supervisors and Kubernetes are asked by paramedic itself.',
      role: 'operator',
      takesSignature: true,
      body: z.strictObject({
        ...byAndReason,
        id: z.string().min(1).max(200).optional().meta({ description: 'makes a retry harmless' }),
        at: instant.optional().meta({ description: 'when it was made; now where left out' }),
        service,
        replica: z.string().min(1).max(200).optional(),
        kind,
        summary: z.string().min(1).max(2_000),
      }),
      answer: changeShape,
      status: 201,
      audit: {
        line: ({ body }) => ({ what: `told of a ${body.kind}`, target: body.service }),
      },
      async handle({ body, by }) {
        const { id = crypto.randomUUID(), at, replica, summary } = body;
        const atMs = at === undefined ? nowMs() : Date.parse(at);
        const { service: of, kind: what } = body;
        const change = { id, atMs, service: of, replica, kind: what, summary, by };
        await archive.putChange(change);
        return { body: json(change) };
      },
    }),
    operation({
      id: 'listChanges',
      method: 'get',
      path: '/v1/changes',
      tag: 'reports',
      summary: 'The changes that were told, newest first; of the last day unless asked otherwise',
      role: 'viewer',
      query: z.strictObject({
        service: service.optional(),
        from: instant.optional(),
        to: instant.optional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
      }),
      answer: z.object({ changes: z.array(changeShape), next: z.null() }),
      async handle({ query: { service: of, from, to, limit } }) {
        const toMs = to === undefined ? nowMs() : Date.parse(to);
        const fromMs = from === undefined ? toMs - 24 * HOUR_MS : Date.parse(from);
        const found = await archive.changes({ service: of, fromMs, toMs, limit });
        return { body: { changes: found.map(json), next: null } };
      },
    }),
  ];
}
