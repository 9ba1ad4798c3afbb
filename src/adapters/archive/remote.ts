import { Agent, errors, request } from 'undici';
import { z } from 'zod';
import type { Archive } from '../../domain/archive.js';
import { AdapterError, type AdapterErrorReason } from '../../domain/ports.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { answerSchema } from './serve.js';
import { checked } from './records.js';

const schema = z.strictObject({
  kind: z.literal('remote'),
  /** Base URL of the server role. */
  url: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:2242'),
  /** Bearer token, where the server wants one; a secret. */
  token: z.string().min(1).optional(),
  /** Bound on one call. A page of reports or a captured log takes a few hundred ms at most. */
  timeoutMs: z.int().min(1).default(10_000),
});

/** A page of the largest reports; more than that is no answer of ours. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** The embedded archive behind it works on one call at a time; more would only wait there. */
const MAX_CONNECTIONS = 8;

/**
 * The archive of another process, over `POST <url>/internal/archive/<operation>`.
 *
 * A call whose connection broke is made once more at once: a kept-alive connection that the server has
 * just closed fails that way, and every operation is idempotent. Whoever calls retries the rest.
 */
export const remoteArchive = {
  kind: 'remote',
  schema,
  create: (config: z.output<typeof schema>): Promise<Archive> => Promise.resolve(connect(config)),
} as const;

function connect(config: z.output<typeof schema>): Archive {
  const agent = new Agent({ maxResponseSize: MAX_ANSWER_BYTES, connections: MAX_CONNECTIONS });
  const call = async <I, O>(name: string, operation: Operation<I, O>, input: I): Promise<O> => {
    // Checked here too: JSON would turn NaN into null and the refusal would name the wrong thing.
    const body = JSON.stringify(checked(operation.input, name, input));
    const text = await post(agent, config, name, body);
    const answer = checked(answerSchema, `answer of ${config.url}`, parsed(text, config.url));
    if (!answer.ok) throw new AdapterError(answer.reason, answer.message);
    return checked(operation.output, `answer to ${name}`, answer.result);
  };
  const ops = OPERATIONS;
  let closing: Promise<void> | undefined;
  return {
    putIncident: (record) => call('putIncident', ops.putIncident, record),
    incidents: (query) =>
      call('incidents', ops.incidents, { ...query, states: query.states && [...query.states] }),
    incident: (incidentId, runId) => call('incident', ops.incident, { incidentId, runId }),
    putTimeline: (entries) => call('putTimeline', ops.putTimeline, entries),
    timeline: (incidentId, runId) => call('timeline', ops.timeline, { incidentId, runId }),
    putReport: (report) => call('putReport', ops.putReport, report),
    report: (incidentId, runId) => call('report', ops.report, { incidentId, runId }),
    reportById: (id) => call('reportById', ops.reportById, { id }),
    reports: (query) => call('reports', ops.reports, query),
    putRecommendations: (records) => call('putRecommendations', ops.putRecommendations, records),
    recommendations: (query) =>
      call('recommendations', ops.recommendations, {
        ...query,
        states: query.states && [...query.states],
      }),
    decideRecommendation: (decision) =>
      call('decideRecommendation', ops.decideRecommendation, decision),
    putChange: (change) => call('putChange', ops.putChange, change),
    changes: (query) => call('changes', ops.changes, query),
    putDrill: (drill) => call('putDrill', ops.putDrill, drill),
    drills: (query) => call('drills', ops.drills, query),
    putAudit: (record) => call('putAudit', ops.putAudit, record),
    audit: (query) => call('audit', ops.audit, query),
    putDelivery: (record) => call('putDelivery', ops.putDelivery, record),
    deliveries: (query) =>
      call('deliveries', ops.deliveries, {
        ...query,
        notificationIds: query.notificationIds && [...query.notificationIds],
      }),
    putAlert: (record) => call('putAlert', ops.putAlert, record),
    alerts: (query) => call('alerts', ops.alerts, query),
    claimCall: (claim) => call('claimCall', ops.claimCall, claim),
    settleCall: (settled) => call('settleCall', ops.settleCall, settled),
    putForensics: (incidentId, runId, name, text) =>
      call('putForensics', ops.putForensics, { incidentId, runId, name, text }),
    forensics: (incidentId, runId) => call('forensics', ops.forensics, { incidentId, runId }),
    statistics: (sinceMs) => call('statistics', ops.statistics, { sinceMs }),
    deleteOlderThan: (retention) => call('deleteOlderThan', ops.deleteOlderThan, retention),
    close: () => (closing ??= agent.close().then(() => undefined)),
  };
}

async function post(
  agent: Agent,
  config: z.output<typeof schema>,
  name: string,
  body: string,
): Promise<string> {
  const url = new URL(`internal/archive/${name}`, `${config.url.replace(/\/+$/, '')}/`);
  const signal = AbortSignal.timeout(config.timeoutMs);
  const attempt = async () => {
    const response = await request(url, {
      method: 'POST',
      dispatcher: agent,
      signal,
      body,
      headers: {
        'content-type': 'application/json',
        ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
      },
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  try {
    const { status, text } = await attempt().catch((error: unknown) => {
      if (signal.aborted || !isBrokenConnection(error)) throw error;
      return attempt();
    });
    if (status === 200) return text;
    throw new AdapterError(
      reasonOf(status),
      `archive at ${config.url}: ${name} was answered with ${status}: ${text.slice(0, 200)}`,
    );
  } catch (cause) {
    if (cause instanceof AdapterError) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw signal.aborted
      ? new AdapterError(
          'timeout',
          `archive at ${config.url}: ${name} had no answer within ${config.timeoutMs} ms`,
          { cause },
        )
      : new AdapterError(
          'unreachable',
          `archive at ${config.url}: ${name}: ${words}; is the server role running there?`,
          { cause },
        );
  }
}

/** The other side closed a connection that had been open. */
function isBrokenConnection(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof errors.SocketError || code === 'ECONNRESET' || code === 'EPIPE';
}

function reasonOf(status: number): AdapterErrorReason {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unreachable' : 'rejected';
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AdapterError(
      'rejected',
      `archive at ${url}: the answer is no JSON (it starts with "${text.slice(0, 80)}"); is this the server role's address?`,
      { cause },
    );
  }
}
