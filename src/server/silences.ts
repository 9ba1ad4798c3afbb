import { z } from 'zod';
import { ALERT_LABELS, MATCHER_OPS, type Silence } from '../domain/monitor/silence.js';
import { untilOf, untilShape } from './mode.js';
import type { Monitor } from './monitor.js';
import { operation, type Operation } from './operation.js';
import { byAndReason, instant, iso } from './shapes.js';

const matcher = z.strictObject({
  name: z.enum(ALERT_LABELS),
  op: z.enum(MATCHER_OPS).default('='),
  value: z.string().max(200),
});
const silenceShape = z
  .object({
    id: z.string(),
    matchers: z.array(matcher),
    owner: z.string(),
    reason: z.string(),
    startsAt: instant,
    endsAt: instant,
  })
  .meta({ id: 'Silence' });

const silenceJson = ({ startsAtMs, endsAtMs, ...rest }: Silence) => ({
  ...rest,
  startsAt: iso(startsAtMs),
  endsAt: iso(endsAtMs),
});

/** `GET`, `POST /v1/silences` and `DELETE /v1/silences/ID`. */
export function silenceRoutes(monitor: Monitor): Operation[] {
  const tag = 'silences';
  return [
    operation({
      id: 'listSilences',
      method: 'get',
      path: '/v1/silences',
      tag,
      summary: 'The silences that are in force or to come',
      role: 'viewer',
      answer: z.object({ silences: z.array(silenceShape), next: z.string().nullable() }),
      async handle() {
        const silences = (await monitor.view())?.silences ?? [];
        return { body: { silences: silences.map(silenceJson), next: null } };
      },
    }),
    operation({
      id: 'addSilence',
      method: 'post',
      path: '/v1/silences',
      tag,
      summary: 'Mutes the alerts that match, until its end; detection and recovery go on',
      role: 'operator',
      body: z.strictObject({
        id: z
          .string()
          .regex(/^[\w-]{1,40}$/)
          .optional()
          .meta({ description: 'given, it replaces that one' }),
        matchers: z.array(matcher).min(1).max(10),
        owner: z.string().max(200).optional(),
        ...byAndReason,
        reason: z.string().min(1).max(2_000),
        startsAt: instant.optional(),
        endsAt: instant.optional(),
        for: untilShape.for,
      }),
      answer: silenceShape,
      status: 201,
      audit: { line: () => ({ what: 'silence', target: '*' }) },
      async handle({ body, by }) {
        const { id, matchers, owner = by, reason, startsAt, endsAt } = body;
        const { untilMs, forMs } = untilOf({ until: endsAt, for: body.for });
        const silence = await monitor.addSilence({
          ...{ matchers, owner, reason },
          ...(id === undefined ? {} : { id }),
          ...(startsAt === undefined ? {} : { startsAtMs: Date.parse(startsAt) }),
          ...(untilMs === undefined ? {} : { endsAtMs: untilMs }),
          ...(forMs === undefined ? {} : { forMs }),
        });
        return { body: silenceJson(silence), audit: { target: silence.id, detail: reason } };
      },
    }),
    operation({
      id: 'removeSilence',
      method: 'delete',
      path: '/v1/silences/{id}',
      tag,
      summary: 'Ends a silence',
      role: 'operator',
      params: z.object({ id: z.string().max(100) }),
      answer: z.object({ id: z.string() }),
      async handle({ params: { id }, by }) {
        await monitor.removeSilence({ id, by });
        return { body: { id } };
      },
    }),
  ];
}
