import { z } from 'zod';
import { AdapterError } from '../domain/ports.js';
import {
  BREAKER_ORDERS,
  BREAKER_STATUSES,
  NEW_BREAKER,
  type Breaker,
} from '../domain/recovery/breaker.js';
import { BREAKER_KINDS, type BreakerKind } from '../domain/recovery/breaker-kinds.js';
import {
  breakerIdOf,
  parseBreakerId,
  type BreakerOrderMessage,
  type BreakerView,
} from '../workflows/breaker-messages.js';
import type { Target } from '../workflows/messages.js';
import type { DetectorClient } from './detector-client.js';
import type { Topic } from './event-hub.js';
import { operation, type Operation } from './operation.js';
import { Problem } from './problem.js';
import { byAndReason, pageOf } from './shapes.js';

/** Breakers, as the API reaches them. */
export interface BreakerPort {
  states(): Promise<readonly BreakerView[]>;
  order(
    target: Target,
    order: (typeof BREAKER_ORDERS)[number],
    message: BreakerOrderMessage,
  ): Promise<string>;
}

/** What the routes need. */
export interface BreakerParts {
  readonly detector: DetectorClient;
  readonly breakers: BreakerPort;
  /** All that have breakers: each service and each of its replicas. */
  readonly targets: readonly Target[];
}

const time = z.iso.datetime().nullable();
const breakerShape = z
  .object({
    id: z.string().meta({ description: '`breaker:<kind>:<service>[:<replica>]`' }),
    service: z.string(),
    replica: z.string().nullable().meta({ description: 'null: the service as a whole' }),
    kind: z.enum(BREAKER_KINDS),
    state: z.enum(BREAKER_STATUSES),
    failures: z.int().meta({ description: 'that count now, while it is closed' }),
    successes: z.int().meta({ description: 'in a row so far, on trial' }),
    failedTrials: z.int().meta({ description: 'in a row so far' }),
    since: time,
    openedAt: time,
    until: time.meta({ description: 'when the trial comes' }),
    reason: z.string(),
    by: z.string().nullable(),
    note: z.string().nullable().meta({ description: 'why it is not in force, where it is not' }),
  })
  .meta({ id: 'Breaker' });

/** A breaker as the API gives it. */
function breakerJson(
  target: Target,
  kind: BreakerKind,
  breaker: Breaker,
  note: string,
): z.output<typeof breakerShape> {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  return {
    id: breakerIdOf(kind, target),
    service: target.service,
    replica: target.replica ?? null,
    kind,
    state: breaker.status,
    failures: breaker.status === 'closed' ? breaker.failuresAtMs.length : 0,
    successes: breaker.status === 'half-open' ? breaker.successes : 0,
    failedTrials: breaker.failedTrials,
    since: breaker.epoch === 0 ? null : iso(breaker.sinceMs),
    openedAt: 'openedAtMs' in breaker ? iso(breaker.openedAtMs) : null,
    until: breaker.status === 'open' ? iso(breaker.untilMs) : null,
    reason: breaker.reason,
    by: breaker.epoch === 0 ? null : breaker.by,
    note: note === '' || breaker.status === 'closed' ? null : note,
  };
}

/** Every breaker there is: those of the configuration, and of replicas that a scaling added. */
async function allBreakers({ breakers, detector, targets }: BreakerParts) {
  const keyOf = ({ service, replica }: Target) => `${service}/${replica ?? ''}`;
  const known = new Map<string, { target: Target; note: string; of: Map<BreakerKind, Breaker> }>();
  const entry = (target: Target) => {
    const found = known.get(keyOf(target)) ?? {
      ...{ target, note: '' },
      of: new Map<BreakerKind, Breaker>(),
    };
    known.set(keyOf(target), found);
    return found;
  };
  for (const target of targets) entry(target);
  // What only the detector knows: failures that are being counted, and all while Temporal is away.
  for (const { target, kind, breaker } of (await detector.status())?.breakers ?? []) {
    entry(target).of.set(kind, breaker);
  }
  try {
    for (const { service, replica, breakers: states, note } of await breakers.states()) {
      const one = entry({ service, replica });
      one.note = note;
      for (const kind of BREAKER_KINDS) {
        const here = one.of.get(kind);
        const there = states[kind];
        const isNews = here === undefined || there.epoch > here.epoch;
        if (isNews || there.status !== here.status) one.of.set(kind, there);
      }
    }
  } catch {
    // The detector's view stands in; `/health/production` says that Temporal does not answer.
  }
  return [...known.values()].flatMap(({ target, note, of }) =>
    BREAKER_KINDS.map((kind) => breakerJson(target, kind, of.get(kind) ?? NEW_BREAKER, note)),
  );
}

/** Every breaker, for live updates. */
export function breakerTopic(parts: BreakerParts): Topic {
  return {
    event: 'breaker',
    async read() {
      return new Map((await allBreakers(parts)).map((breaker) => [breaker.id, breaker]));
    },
  };
}

/** The breaker of an id. @throws Problem 404 where there is none. */
async function findBreaker(parts: BreakerParts, id: string) {
  const named = parseBreakerId(id);
  const isSame = (t: Target) => t.service === named?.service && t.replica === named.replica;
  if (named !== undefined) {
    if (parts.targets.some(isSame)) return named;
    // A replica that a scaling added is in no configuration.
    const all = await allBreakers(parts);
    if (all.some((b) => isSame({ service: b.service, replica: b.replica ?? undefined }))) {
      return named;
    }
  }
  throw new Problem(404, 'Unknown breaker', `no breaker is named "${id}"; see /v1/breakers`);
}

const tag = 'breakers';

/** `/v1/breakers`: all of them, and what operators order. */
export function breakerRoutes(parts: BreakerParts): Operation[] {
  return [
    operation({
      id: 'listBreakers',
      method: 'get',
      path: '/v1/breakers',
      tag,
      summary: 'Every circuit breaker: one per kind for each replica and each service',
      role: 'viewer',
      answer: pageOf('breakers', breakerShape),
      handle: async () => ({ body: { breakers: await allBreakers(parts), next: null } }),
    }),
    operation({
      id: 'orderBreaker',
      method: 'post',
      path: '/v1/breakers/{id}/{order}',
      tag,
      summary: 'Opens a breaker for its time, closes it, or isolates it until it is closed',
      description:
        'Answered once it is in force at the load balancer, or can’t be. A refusal is 409 and says why.',
      role: 'operator',
      params: z.object({
        id: z.string().min(1).max(1_000).meta({
          description: '`breaker:` and the kind may be left out: then it is the engine’s own',
        }),
        order: z.enum(BREAKER_ORDERS),
      }),
      body: z.strictObject({
        ...byAndReason,
        forMs: z.number().positive().optional().meta({ description: 'how long it stays open' }),
      }),
      answer: z
        .object({
          id: z.string(),
          order: z.string(),
          result: z.string().meta({ description: 'what came of it, in words' }),
        })
        .meta({ id: 'BreakerOrdered' }),
      audit: { line: ({ params: p }) => ({ what: `breaker ${p.order}`, target: p.id }) },
      async handle({ params: { id, order }, body: { reason = '', forMs }, by }) {
        const { kind, ...target } = await findBreaker(parts, id);
        const message = { kind, by, reason, ...(forMs === undefined ? {} : { forMs }) };
        try {
          const result = await parts.breakers.order(target, order, message);
          return { body: { id: breakerIdOf(kind, target), order, result } };
        } catch (error) {
          if (!(error instanceof AdapterError && error.reason === 'rejected')) throw error;
          throw new Problem(409, 'Refused', error.message, { cause: error });
        }
      },
    }),
  ];
}
