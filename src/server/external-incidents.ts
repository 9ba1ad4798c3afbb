import { z } from 'zod';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { DetectorClient } from './detector-client.js';
import { bodyOf } from './forward.js';
import { operation, type Operation } from './operation.js';
import { jsonValue } from './shapes.js';

/** Evidence is bounded at 16 KiB by its reader; the rest is small. */
const BODY_LIMIT_BYTES = 64 << 10;

const name = z.string().min(1).max(200);
/** Loose, and its parts optional: what has to be there depends on `status`, and the detector judges it. */
const reportShape = z
  .looseObject({
    status: z.enum(['open', 'resolved']).optional(),
    type: z.enum(VIOLATION_TYPES).optional(),
    severity: z.enum(SEVERITIES).optional(),
    service: name.optional(),
    replica: name.optional(),
    threshold: name.optional(),
    metric: name.optional(),
    value: z.number().optional(),
    evidence: z.record(z.string(), jsonValue).optional(),
    idempotencyKey: z.string().min(1).max(200),
    ttlSeconds: z.number().optional(),
    why: z.string().optional(),
  })
  .meta({ id: 'ExternalIncident' });
const takenShape = z
  .object({
    status: z.enum(['opened', 'joined', 'repeated', 'ended', 'resolved']),
    incident: z.string().nullable(),
  })
  .meta({ id: 'ExternalIncidentTaken' });

/** `POST /v1/incidents`: an engine reports that it is in trouble, or that it is no more. */
export function externalIncidentRoutes(detector: DetectorClient): Operation[] {
  return [
    operation({
      id: 'reportIncident',
      method: 'post',
      path: '/v1/incidents',
      tag: 'incidents',
      summary:
        'An engine reports that it is in trouble, or with `status: "resolved"` that it is no more',
      description:
        '`opened`, `joined` (one that is open already), `repeated` (the same key again, which prolongs it), `ended` (a key that was resolved), `resolved`.',
      role: 'operator',
      takesSignature: true,
      body: reportShape,
      bodyLimitBytes: BODY_LIMIT_BYTES,
      status: 202,
      answer: takenShape,
      audit: {
        line: ({ body: { status, service, replica, idempotencyKey } }) => ({
          what: status === 'resolved' ? 'report-resolved' : 'report-incident',
          target: [service ?? idempotencyKey, replica]
            .filter((part) => part !== undefined)
            .join('/'),
        }),
        // A report is repeated for as long as it holds.
        how: 'hourly',
      },
      async handle({ body: given }) {
        const answer = await detector.forward('POST', '/internal/incidents', given);
        const body = bodyOf(takenShape, answer);
        return { body, audit: { detail: `${body.status} ${body.incident ?? ''}` } };
      },
    }),
  ];
}
