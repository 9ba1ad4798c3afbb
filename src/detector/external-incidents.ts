import { z } from 'zod';
import {
  externalIncident,
  violationOf,
  type ExternalIncident,
} from '../adapters/sources/external-incident.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { elsewhere } from './elsewhere.js';
import type { ExternalReport, ExternalReports, Reported } from './external-reports.js';

const TTL = 'expected seconds, from 1 to 86400';

const opening = externalIncident.extend({
  status: z.literal('open').optional(),
  /** Seconds until it is over unless repeated; that of the configuration where left out. */
  ttlSeconds: z.number(TTL).min(1, TTL).max(86_400, TTL).optional(),
});
// Loose: who resolves may send the whole report again.
const resolving = z.looseObject({
  status: z.literal('resolved'),
  idempotencyKey: z.string().min(1).max(200),
  why: z.string().max(500).optional(),
});

/** The answer to a report. */
export type ReportAnswer =
  | { readonly status: 'refused'; readonly message: string }
  | { readonly status: Reported; readonly fingerprint: string }
  | { readonly status: 'resolved'; readonly fingerprint: string | undefined };

/** What a report is read with. */
export interface ReportContext {
  readonly reports: ExternalReports;
  readonly thresholds: readonly Threshold[];
  /** Others are refused: nothing could be done for them. Empty: any. */
  readonly services: ReadonlySet<string>;
  /** Whether this detector watches that service. */
  readonly isOwn: (service: string) => boolean;
  readonly ttlMs: number;
  readonly nowMs: number;
}

/**
 * Takes the body of `POST /v1/incidents`: opens an incident, repeats the report of it, or with
 * `{"status": "resolved", "idempotencyKey": …}` ends it.
 */
export async function takeExternalIncident(
  body: unknown,
  context: ReportContext,
): Promise<ReportAnswer> {
  const { reports, thresholds, services, nowMs } = context;
  const end = resolving.safeParse(body);
  if (end.success) {
    const { idempotencyKey, why = 'its source says that it is over' } = end.data;
    const fingerprint = await reports.resolve(keyOf(idempotencyKey), why);
    return { status: 'resolved', fingerprint };
  }
  const begin = opening.safeParse(body);
  if (!begin.success) return { status: 'refused', message: explain(begin.error) };
  const given = begin.data;
  if (services.size > 0 && !services.has(given.service)) {
    const known = [...services].join(', ');
    return { status: 'refused', message: `service: "${given.service}" is none of ${known}` };
  }
  if (!context.isOwn(given.service)) {
    return { status: 'refused', message: elsewhere(given.service) };
  }
  const violation = violationOf(given, thresholds, nowMs);
  const ttlMs = given.ttlSeconds === undefined ? context.ttlMs : given.ttlSeconds * 1000;
  const report: ExternalReport = {
    key: keyOf(given.idempotencyKey),
    violation,
    origin: { source: 'api', evidence: evidenceText(given), untilMs: nowMs + ttlMs },
  };
  return reports.report(report);
}

/** Keys of engines and of Alertmanager can't meet. */
const keyOf = (idempotencyKey: string) => `api ${idempotencyKey}`;

function evidenceText({ evidence }: ExternalIncident): string | undefined {
  const parts = Object.entries(evidence);
  if (parts.length === 0) return undefined;
  return parts
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('; ');
}

function explain(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}
