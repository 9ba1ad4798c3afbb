import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import { operation, type Operation } from './operation.js';
import { instant, iso, pageOf, pageQuery } from './shapes.js';

const lineShape = z
  .object({
    key: z.string(),
    at: instant,
    atMs: z.int(),
    who: z.string(),
    from: z.string(),
    what: z.string(),
    target: z.string(),
    outcome: z.string().meta({ description: '`accepted`, `refused`, `failed`' }),
    detail: z.string(),
  })
  .meta({ id: 'AuditLine' });

/** `GET /v1/audit`: who ordered what, when, from where, and what came of it. */
export function auditRoutes(archive: Pick<Archive, 'audit'>): Operation[] {
  return [
    operation({
      id: 'listAudit',
      method: 'get',
      path: '/v1/audit',
      tag: 'audit',
      summary: 'Who ordered what, when, from where, and what came of it; newest first',
      role: 'viewer',
      query: pageQuery.extend({
        target: z.string().max(1_000).optional().meta({ description: 'only what was done to it' }),
      }),
      answer: pageOf('audit', lineShape),
      async handle({ query }) {
        const { items, next } = await archive.audit(query);
        const audit = items.map((line) => ({ ...line, at: iso(line.atMs) }));
        return { body: { audit, next: next ?? null } };
      },
    }),
  ];
}
