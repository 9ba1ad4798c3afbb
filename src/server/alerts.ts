import { z } from 'zod';
import type { AlertQuery, Archive } from '../domain/archive.js';
import { ALERT_KINDS, ALERT_STATES, type AlertRecord } from '../domain/monitor/alert-record.js';
import { DELIVERY_STATES, type DeliveryRecord } from '../domain/notification.js';
import { SEVERITIES } from '../domain/sla/severity.js';
import type { Topic } from './event-hub.js';
import { operation, type Operation } from './operation.js';
import { instant, iso, pageOf, pageQuery } from './shapes.js';

type AlertArchive = Pick<Archive, 'alerts' | 'deliveries'>;

const alertShape = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    runId: z.string(),
    service: z.string(),
    replica: z.string().nullable(),
    kind: z.enum(ALERT_KINDS),
    severity: z.enum(SEVERITIES),
    title: z.string(),
    text: z.string().meta({ description: 'Markdown' }),
    at: instant,
    state: z.enum(ALERT_STATES),
    why: z.string().meta({ description: 'why it was not sent; may be empty' }),
    escalationLevel: z.int(),
    acknowledgedBy: z.string().nullable(),
    deliveries: z.array(
      z.object({
        channel: z.string(),
        state: z.enum(DELIVERY_STATES),
        attempts: z.int(),
        at: instant,
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Alert' });

function alertJson(record: AlertRecord, deliveries: readonly DeliveryRecord[]) {
  const { id, incidentId, runId, service, replica, kind, severity, title, text, state } = record;
  const { why, escalationLevel, acknowledgedBy, atMs } = record;
  return {
    ...{ id, incidentId, runId, service, kind, severity, title, text, state, why, escalationLevel },
    replica: replica ?? null,
    at: iso(atMs),
    acknowledgedBy: acknowledgedBy ?? null,
    deliveries: deliveries
      .filter((d) => d.notificationId === record.id)
      .map(({ channel, state, attempts, error, atMs: lastMs }) => ({
        ...{ channel, state, attempts, at: iso(lastMs), error: error ?? null },
      })),
  };
}

/** The alerts that match, newest first, each with how its deliveries stand. */
async function alertsOf(archive: AlertArchive, query: AlertQuery) {
  const { items, next } = await archive.alerts(query);
  const deliveries =
    items.length === 0
      ? []
      : await archive.deliveries({ notificationIds: items.map(({ id }) => id), limit: 1000 });
  return { alerts: items.map((record) => alertJson(record, deliveries)), next: next ?? null };
}

/** The newest alerts, for live updates. */
export function alertTopic(archive: AlertArchive, newest: number): Topic {
  return {
    event: 'alert',
    async read() {
      const { alerts } = await alertsOf(archive, { limit: newest });
      return new Map(alerts.map((alert) => [alert.id, alert]));
    },
  };
}

/** `GET /v1/alerts`: what was worth telling, what became of it, and how each delivery stands. */
export function alertRoutes(archive: AlertArchive): Operation[] {
  return [
    operation({
      id: 'listAlerts',
      method: 'get',
      path: '/v1/alerts',
      tag: 'alerts',
      summary: 'What was worth telling, what became of it, and how each delivery stands',
      role: 'viewer',
      query: pageQuery.extend({
        incident: z.string().max(1_000).optional().meta({ description: 'only of that incident' }),
      }),
      answer: pageOf('alerts', alertShape),
      async handle({ query: { incident, ...page } }) {
        const incidentId =
          incident === undefined || incident.startsWith('incident:')
            ? incident
            : `incident:${incident}`;
        return { body: await alertsOf(archive, { ...page, incidentId }) };
      },
    }),
  ];
}
