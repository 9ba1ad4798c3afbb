import { Hono } from 'hono';
import { z } from 'zod';
import { INCIDENT_STATES, type Archive } from '../domain/archive.js';
import { OPERATOR_ACTIONS } from '../workflows/messages.js';
import { alertmanagerRoutes } from './alertmanager.js';
import { readBody } from './body.js';
import type { DetectorClient } from './detector-client.js';
import { externalIncidentRoutes } from './external-incidents.js';
import { metricsSummary, productionHealth } from './health.js';
import { incidentDetailJson, incidentJson } from './incident-json.js';
import type { Incidents } from './incidents.js';
import { measurementRoutes } from './measurements.js';
import { Problem } from './problem.js';
import { thresholdRoutes } from './thresholds.js';

/** What the server needs of the rest. */
export interface ServerParts {
  readonly archive: Archive;
  readonly incidents: Incidents;
  readonly detector: DetectorClient;
  /** The archive's operations, for the other roles. */
  readonly serveArchive: (operation: string, body: unknown) => Promise<unknown>;
  /** Own metrics of this and of other roles, as text. */
  readonly metrics: () => Promise<string>;
  /** Parts that do not answer, in words. */
  readonly problems: () => Promise<readonly string[]>;
  /** Link to an incident in Temporal's UI. */
  readonly uiLink: (id: string, runId: string) => string;
  readonly nowMs: () => number;
}

/** Bodies of the API are small; the archive's carry reports and captured logs. */
const BODY_LIMIT_BYTES = 1 << 20;
const ARCHIVE_BODY_LIMIT_BYTES = 64 << 20;

const operatorBody = z.strictObject({
  by: z.string().max(200).optional(),
  reason: z.string().max(2_000).optional(),
  keep: z.boolean().optional(),
});
const killSwitchBody = z.strictObject({
  on: z.boolean(),
  by: z.string().max(200).optional(),
  reason: z.string().max(2_000).optional(),
});
const operation = z.enum([...OPERATOR_ACTIONS, 'acknowledge']);
const listQuery = z.object({
  state: z.enum(INCIDENT_STATES).optional(),
  service: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z.string().optional(),
});

/** The HTTP API: the design document's two endpoints, metrics, incidents, and what roles share. */
export function createApp(parts: ServerParts): Hono {
  const app = new Hono();

  app.onError((error, context) => {
    if (error instanceof Problem) {
      return context.json(error.toJSON(), error.status, {
        'content-type': 'application/problem+json',
      });
    }
    const problem = new Problem(500, 'Internal error', 'see the server’s log');
    return context.json(problem.toJSON(), 500, { 'content-type': 'application/problem+json' });
  });

  app.get('/health/production', async (context) =>
    context.json(productionHealth(await parts.detector.status(), await parts.problems())),
  );
  app.get('/metrics/summary', async (context) =>
    context.json(await metricsSummary(parts.archive, await parts.detector.status(), parts.nowMs())),
  );
  app.get('/metrics', async (context) =>
    context.text(await parts.metrics(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );

  app.get('/v1/status', async (context) => {
    const detector = await parts.detector.status();
    return context.json({
      health: productionHealth(detector, await parts.problems()),
      detector: detector ?? null,
    });
  });

  app.get('/v1/incidents', async (context) => {
    const { state, ...query } = parsed(listQuery, context.req.query(), 'query');
    const page = await parts.archive.incidents({
      ...query,
      states: state === undefined ? undefined : [state],
    });
    return context.json({ incidents: page.items.map(incidentJson), next: page.next ?? null });
  });

  app.get('/v1/incidents/:id', async (context) => {
    const record = await parts.incidents.find(context.req.param('id'));
    const [live, timeline] = await Promise.all([
      parts.incidents.live(record),
      parts.archive.timeline(record.id, record.runId),
    ]);
    const lines = timeline.length > 0 ? timeline : (live?.timeline ?? []);
    const link = parts.uiLink(record.id, record.runId);
    return context.json(incidentDetailJson(record, live, lines, link));
  });

  app.get('/v1/incidents/:id/report', async (context) => {
    const { id, runId } = await parts.incidents.find(context.req.param('id'));
    const report = await parts.archive.report(id, runId);
    if (report === undefined) {
      throw new Problem(404, 'No report', `the analysis of "${id}" has not been filed yet`);
    }
    const isMarkdown = context.req.query('format') === 'markdown';
    return isMarkdown
      ? context.text(report.markdown, 200, { 'content-type': 'text/markdown; charset=utf-8' })
      : context.json(JSON.parse(report.body) as object);
  });

  app.post('/v1/incidents/:id/:operation', async (context) => {
    const id = context.req.param('id');
    const what = parsed(operation, context.req.param('operation'), 'operation');
    const message = parsed(operatorBody, await readBody(context.req.raw, BODY_LIMIT_BYTES), 'body');
    const given = Object.fromEntries(
      Object.entries(message).filter(([, value]) => value !== undefined),
    );
    const from = context.req.header('user-agent') ?? 'http';
    const audit = async (outcome: string, detail: string) =>
      parts.archive.putAudit({
        key: crypto.randomUUID(),
        atMs: parts.nowMs(),
        who: message.by ?? 'unknown',
        from,
        what,
        target: id,
        outcome,
        detail,
      });
    try {
      const result = await parts.incidents.operate(id, what, given);
      await audit('accepted', result);
      return context.json({ id, operation: what, result });
    } catch (error) {
      if (error instanceof Problem) await audit('refused', error.detail);
      throw error;
    }
  });

  app.post('/v1/kill-switch', async (context) => {
    const given = await readBody(context.req.raw, BODY_LIMIT_BYTES);
    const { on, by = 'unknown', reason = '' } = parsed(killSwitchBody, given, 'body');
    const state = await parts.incidents.setKillSwitch({ on, by, reason });
    await parts.archive.putAudit({
      key: crypto.randomUUID(),
      atMs: parts.nowMs(),
      who: by,
      from: context.req.header('user-agent') ?? 'http',
      what: `kill-switch ${on ? 'on' : 'off'}`,
      target: '*',
      outcome: 'accepted',
      detail: reason,
    });
    return context.json(state);
  });

  app.get('/v1/audit', async (context) => {
    const { limit, after } = parsed(listQuery, context.req.query(), 'query');
    const page = await parts.archive.audit({ limit, after });
    return context.json({ audit: page.items, next: page.next ?? null });
  });

  app.route('/', measurementRoutes(parts.detector));
  app.route('/', externalIncidentRoutes(parts.detector));
  app.route('/', alertmanagerRoutes(parts.detector));
  app.route('/', thresholdRoutes(parts));

  app.post('/internal/archive/:operation', async (context) => {
    const given = await readBody(context.req.raw, ARCHIVE_BODY_LIMIT_BYTES);
    return context.json(
      (await parts.serveArchive(context.req.param('operation'), given)) as object,
    );
  });

  return app;
}

/** Validates what came from outside; a mistake is a 400 that says where. */
function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = [what, ...(issue?.path ?? [])].join('.');
  throw new Problem(400, 'Not understood', `${where}: ${issue?.message ?? 'not usable'}`);
}
