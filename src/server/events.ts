import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import type { DetectorClient } from './detector-client.js';
import { EventHub, type Topic } from './event-hub.js';
import { incidentJson } from './incident-json.js';
import { operation, type Operation } from './operation.js';
import { iso } from './shapes.js';

/** What the events are made of. */
interface EventParts {
  readonly archive: Archive;
  readonly detector: DetectorClient;
  readonly onError: (what: string, error: unknown, fields: object) => void;
}

const LOOK_EVERY_MS = 1_000;
const MAX_STREAMS = 100;
/** The newest of each kind: what is older no longer changes. */
export const NEWEST = 100;

/** `GET /v1/events`: live updates. A further kind is one more topic. */
export function eventRoutes(parts: EventParts, more: readonly Topic[] = []): Operation[] {
  const { onError } = parts;
  const hub = new EventHub({
    topics: [incidentTopic(parts), reportTopic(parts), slaTopic(parts), ...more],
    everyMs: LOOK_EVERY_MS,
    maxStreams: MAX_STREAMS,
    onError: (event, error) => onError('live updates could not be read', error, { event }),
  });
  return [
    operation({
      id: 'streamEvents',
      method: 'get',
      path: '/v1/events',
      tag: 'events',
      summary: 'Live updates, as server-sent events',
      description:
        'Events `incident`, `alert`, `report`, `breaker`, `mode` and `sla`, each with the resource’s JSON: first everything as it is, then what changes. `Last-Event-ID` goes on from there.',
      role: 'viewer',
      query: z.strictObject({
        lastEventId: z.string().max(100).optional().meta({
          description: 'for clients that can’t send the header `Last-Event-ID`',
        }),
      }),
      answer: { contentType: 'text/event-stream' },
      async handle({ request, query: { lastEventId } }) {
        const last = request.headers.get('last-event-id') ?? lastEventId;
        // A proxy that buffers would hold events back.
        return { body: await hub.open(last), headers: { 'x-accel-buffering': 'no' } };
      },
    }),
  ];
}

function incidentTopic({ archive }: EventParts): Topic {
  return {
    event: 'incident',
    async read() {
      const { items } = await archive.incidents({ limit: NEWEST });
      return new Map(items.map((item) => [`${item.id} ${item.runId}`, incidentJson(item)]));
    },
  };
}

function reportTopic({ archive }: EventParts): Topic {
  return {
    event: 'report',
    async read() {
      const { items } = await archive.reports({ limit: NEWEST });
      return new Map(
        items.map(({ id, incidentId, createdAtMs, probableCause }) => [
          id,
          { id, incidentId, at: iso(createdAtMs), probableCause },
        ]),
      );
    },
  };
}

function slaTopic({ detector }: EventParts): Topic {
  return {
    event: 'sla',
    async read() {
      const status = await detector.status();
      if (status === undefined) return new Map([['now', null]]);
      const { compliancePercent, active, lastDay } = status.summary;
      return new Map([['now', { compliancePercent, active, last24h: lastDay }]]);
    },
  };
}
