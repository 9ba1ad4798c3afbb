import { Hono } from 'hono';
import { z } from 'zod';
import type { Archive } from '../domain/archive.js';
import { admission } from './admission.js';
import type { Target } from '../workflows/messages.js';
import { alertRoutes, alertTopic } from './alerts.js';
import { alertmanagerRoutes } from './alertmanager.js';
import { auditRoutes } from './audit.js';
import { createAuditTrail } from './audit-trail.js';
import type { Authentication } from './authenticate.js';
import { parseBody, readBytes } from './body.js';
import { guardBrowser, type GuardSettings } from './browser-guard.js';
import { breakerRoutes, breakerTopic, type BreakerPort } from './breakers.js';
import type { DetectorClient } from './detector-client.js';
import { eventRoutes, NEWEST } from './events.js';
import { changeRoutes } from './change-routes.js';
import { drillRoutes } from './drill-routes.js';
import { externalIncidentRoutes } from './external-incidents.js';
import { createCallKeeper } from './idempotency.js';
import { incidentRoutes } from './incident-routes.js';
import { incidentSeriesRoutes } from './incident-series.js';
import type { Incidents } from './incidents.js';
import { killSwitchRoutes } from './kill-switch.js';
import { measurementRoutes } from './measurements.js';
import { modeRoutes, modeTopic, type ScheduledWindow } from './mode.js';
import type { Monitor } from './monitor.js';
import { monitoringRoutes } from './monitoring.js';
import { openApiDocument } from './openapi.js';
import { operation, type Operation } from './operation.js';
import { Problem, problemOf } from './problem.js';
import type { RateLimit } from './rate-limit.js';
import { recommendationRoutes } from './recommendation-routes.js';
import { signatureReader, type Signer } from './request-signature.js';
import { reportRoutes } from './report-routes.js';
import { operationRoutes, type AppEnv } from './router.js';
import { slaRoutes } from './sla.js';
import { thresholdSuggestionRoutes } from './threshold-suggestions.js';
import { addSecurityHeaders } from './security-headers.js';
import { sessionRoutes } from './session-routes.js';
import { silenceRoutes } from './silences.js';
import { notificationRoutes, type Notifications } from './notifications.js';
import { slackActionRoutes, type SlackParts } from './slack-actions.js';
import { thresholdRoutes } from './thresholds.js';

/** What the server needs of the rest. */
export interface ServerParts {
  readonly archive: Archive;
  readonly incidents: Incidents;
  readonly monitor: Monitor;
  /** The scheduled windows of maintenance. */
  readonly schedule: () => readonly ScheduledWindow[];
  readonly detector: DetectorClient;
  readonly breakers: BreakerPort;
  /** All that have breakers: each service and each of its replicas. */
  readonly targets: readonly Target[];
  readonly notifications: Notifications;
  readonly slack: SlackParts;
  /** The archive's operations, for the other roles. */
  readonly serveArchive: (operation: string, body: unknown) => Promise<unknown>;
  /** What another process measured, by its name; see `RoleMetrics`. */
  readonly takeMetrics?: (name: string, text: string) => void;
  /** Own metrics of this and of other roles, as text. */
  readonly metrics: () => Promise<string>;
  /** Parts that do not answer, in words. */
  readonly problems: () => Promise<readonly string[]>;
  /** Link to an incident in Temporal's UI. */
  readonly uiLink: (id: string, runId: string) => string;
  /** Something failed inside, in words: for the log. */
  readonly onError: (what: string, error: unknown, fields: object) => void;
  readonly authentication: Authentication;
  /** Who signs requests instead of showing a token. */
  readonly signers: () => Promise<readonly Signer[]>;
  readonly guard: GuardSettings & { readonly isSecure: boolean };
  readonly rateLimit: RateLimit;
  /** Why a call of what the roles tell each other is refused; undefined where it is not. */
  readonly guardRole: (request: Request) => { status: 401 | 403; why: string } | undefined;
  /** The dashboards: public, since they hold no data, and reached with an expired session too. */
  readonly page?: Hono;
  readonly version: string;
  readonly nowMs: () => number;
}

/** The archive's bodies carry reports and captured logs. */
const ARCHIVE_BODY_LIMIT_BYTES = 64 << 20;
/** Some hundred series of 100 bytes; a family has at most 2,000. */
const METRICS_LIMIT_BYTES = 4 << 20;

/** Every operation of the API; a resource has a file of its own. */
function apiOperations(parts: ServerParts): readonly Operation[] {
  const { archive, detector, incidents, monitor, nowMs } = parts;
  const operations: Operation[] = [
    ...monitoringRoutes(parts),
    ...slaRoutes(parts),
    ...incidentRoutes(parts),
    ...incidentSeriesRoutes(parts),
    ...externalIncidentRoutes(detector),
    ...alertmanagerRoutes(detector),
    ...measurementRoutes(detector),
    ...thresholdSuggestionRoutes(detector),
    ...thresholdRoutes(detector),
    ...killSwitchRoutes(incidents),
    ...breakerRoutes(parts),
    ...modeRoutes(parts),
    ...silenceRoutes(monitor),
    ...alertRoutes(archive),
    ...notificationRoutes(parts),
    ...auditRoutes(archive),
    ...eventRoutes(parts, [alertTopic(archive, NEWEST), breakerTopic(parts), modeTopic(parts)]),
    ...sessionRoutes(parts.authentication),
    ...reportRoutes(archive, nowMs),
    ...recommendationRoutes(archive, nowMs),
    ...changeRoutes(archive, nowMs),
    ...drillRoutes(archive),
  ];
  const document = operation({
    id: 'getOpenApi',
    method: 'get',
    path: '/v1/openapi.json',
    tag: 'api',
    summary: 'This document',
    role: 'public',
    answer: z.record(z.string(), z.unknown()),
    handle: () => ({ body: described }),
  });
  const all = [...operations, document];
  const described = openApiDocument(all, parts.version);
  return all;
}

/** The HTTP API: operations as documented, and what roles share among themselves. */
export function createApp(parts: ServerParts): Hono<AppEnv> {
  const { archive, nowMs, onError } = parts;
  const app = new Hono<AppEnv>();
  const trail = createAuditTrail(archive, nowMs, (line, error) =>
    onError('an audit line is late: it is tried again', error, { audit: line }),
  );

  app.onError((error, context) => {
    const problem = problemOf(error);
    if (problem.status === 500) {
      onError('a request failed', error, { method: context.req.method, path: context.req.path });
    }
    return problem.toResponse();
  });
  app.notFound(() => new Problem(404, 'Unknown', 'nothing is at this address').toResponse());

  app.use(async (context, next) => {
    await next();
    addSecurityHeaders(context.res.headers, parts.guard.isSecure);
  });
  // Authorised by Slack's signature.
  app.route('/', slackActionRoutes({ ...parts, trail }));
  app.use(async (context, next) => {
    guardBrowser(context.req.raw, parts.guard);
    await next();
  });

  app.post('/internal/archive/:operation', async (context) => {
    const refused = parts.guardRole(context.req.raw);
    if (refused !== undefined) throw new Problem(refused.status, 'Not allowed', refused.why);
    const given = parseBody(await readBytes(context.req.raw, ARCHIVE_BODY_LIMIT_BYTES));
    return context.json(
      (await parts.serveArchive(context.req.param('operation'), given)) as object,
    );
  });

  app.put('/internal/metrics/:name', async (context) => {
    const refused = parts.guardRole(context.req.raw);
    if (refused !== undefined) throw new Problem(refused.status, 'Not allowed', refused.why);
    const text = await readBytes(context.req.raw, METRICS_LIMIT_BYTES);
    parts.takeMetrics?.(context.req.param('name'), text.toString('utf8'));
    return context.body(null, 204);
  });

  if (parts.page !== undefined) app.route('/', parts.page);
  app.use(admission(parts));
  const calls = createCallKeeper(archive, nowMs, (error) =>
    onError('the answer to a call with an idempotency key could not be kept', error, {}),
  );
  const signatures = signatureReader(parts.signers, nowMs);
  app.route('/', operationRoutes(apiOperations(parts), { audit: trail, calls, signatures }));
  return app;
}
