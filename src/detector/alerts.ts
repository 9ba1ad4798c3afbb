import { readAlertmanagerBody, type ExternalAlert } from '../adapters/sources/alertmanager.js';
import { violationOf } from '../adapters/sources/external-incident.js';
import { AVAILABILITY_METRIC } from '../domain/sla/availability.js';
import { SEVERITIES, type Severity } from '../domain/sla/severity.js';
import { VIOLATION_TYPES, type Threshold, type ViolationType } from '../domain/sla/threshold.js';
import type { ExternalReports } from './external-reports.js';

/** What became of one alert; all but `incident` and `resolved` are accepted, and change nothing. */
export type AlertResult =
  | 'incident'
  | 'repeated'
  | 'resolved'
  | 'ended'
  | 'unknown-metric'
  | 'unknown-service'
  | 'malformed';

/** The answer to a webhook: how many alerts came to what. */
export type AlertsAnswer =
  | { readonly status: 'malformed'; readonly message: string }
  | {
      readonly status: 'taken';
      readonly results: Readonly<Partial<Record<AlertResult, number>>>;
      /** Alerts that Alertmanager left out of the body: nothing is known of them. */
      readonly truncated: number;
    };

/** What alerts are read with. */
export interface AlertContext {
  readonly reports: ExternalReports;
  readonly thresholds: readonly Threshold[];
  readonly services: ReadonlySet<string>;
  /** Whether this detector watches that service; an alert of another is unknown here. */
  readonly isOwn: (service: string) => boolean;
  /** Of that service, as far as anyone has heard of them. */
  readonly replicas: (service: string) => ReadonlySet<string>;
  readonly ttlMs: number;
  readonly nowMs: number;
  readonly onResult: (result: AlertResult, alert: ExternalAlert | undefined) => void;
}

/** Words that rules use for severity; one that says nothing is taken as minor. */
const SEVERITY_WORDS: ReadonlyMap<string, Severity> = new Map([
  ...SEVERITIES.map((severity) => [severity, severity] as const),
  ['page', 'critical'],
  ['emergency', 'critical'],
  ['error', 'major'],
  ['high', 'major'],
  ['warning', 'major'],
]);

/** Names that rules give to what is `up` here. */
const AVAILABILITY_NAMES = new Set(['availability', 'replica_availability']);

/**
 * Takes the body of Alertmanager's webhook (version 4). An alert whose labels name a metric or a
 * violation type that paramedic knows opens or ends an incident; others are counted and accepted:
 * Alertmanager would only send a refused body again and again.
 *
 * Labels: `metric` (an SLI, or the name of a threshold), `violation_type` instead of it, `service`
 * (may be left out where one is configured), `replica`, `severity`.
 */
export async function takeAlerts(body: unknown, context: AlertContext): Promise<AlertsAnswer> {
  const read = readAlertmanagerBody(body);
  if (read.status === 'malformed') return { status: 'malformed', message: read.message };
  const results: Partial<Record<AlertResult, number>> = {};
  const note = (result: AlertResult, alert: ExternalAlert | undefined) => {
    results[result] = (results[result] ?? 0) + 1;
    context.onResult(result, alert);
  };
  for (const alert of read.alerts) note(await takeAlert(alert, context), alert);
  for (let i = 0; i < read.rejected.length; i += 1) note('malformed', undefined);
  return { status: 'taken', results, truncated: read.truncatedAlerts };
}

async function takeAlert(alert: ExternalAlert, context: AlertContext): Promise<AlertResult> {
  const { reports, thresholds, nowMs, ttlMs } = context;
  const key = `alertmanager ${alert.key}`;
  if (alert.status === 'resolved') {
    const ended = await reports.resolve(key, `Alertmanager resolved ${alert.name}`);
    return ended === undefined ? 'ended' : 'resolved';
  }
  const about = subjectOf(alert, thresholds);
  if (about === undefined) return 'unknown-metric';
  const service = serviceOf(alert, context.services);
  if (service === undefined || !context.isOwn(service)) return 'unknown-service';
  const named = alert.labels['replica'];
  // Prometheus pairs label themselves `replica` as well: such a name is none of ours.
  const replica = named !== undefined && context.replicas(service).has(named) ? named : undefined;
  const { summary, description } = alert.annotations;
  const violation = violationOf(
    {
      ...about,
      ...{ service, replica, evidence: {}, idempotencyKey: key, time: alert.startsAtMs },
      severity: severityOf(alert.labels['severity']),
    },
    thresholds,
    nowMs,
  );
  const evidence = [alert.name, summary ?? description, alert.url].filter((s) => s !== undefined);
  const said = await reports.report({
    key,
    violation,
    origin: { source: 'alertmanager', evidence: evidence.join('; '), untilMs: nowMs + ttlMs },
  });
  return said.status === 'repeated' || said.status === 'ended' ? said.status : 'incident';
}

function subjectOf(
  { labels }: ExternalAlert,
  thresholds: readonly Threshold[],
): { type: ViolationType; metric?: string; threshold?: string } | undefined {
  const named = labels['metric'];
  const metric = named !== undefined && AVAILABILITY_NAMES.has(named) ? AVAILABILITY_METRIC : named;
  const threshold =
    thresholds.find((one) => one.name === named) ?? thresholds.find((one) => one.metric === metric);
  if (threshold !== undefined) {
    const { name, violationType } = threshold;
    return { type: violationType, metric: threshold.metric, threshold: name };
  }
  const type = VIOLATION_TYPES.find((one) => one === labels['violation_type']);
  if (type !== undefined) return { type, ...(metric === undefined ? {} : { metric }) };
  return metric === AVAILABILITY_METRIC ? { type: 'availability_loss', metric } : undefined;
}

function serviceOf({ labels }: ExternalAlert, services: ReadonlySet<string>): string | undefined {
  const named = labels['service'];
  if (named !== undefined) return services.has(named) ? named : undefined;
  const [only] = services;
  return services.size === 1 ? only : undefined;
}

function severityOf(word: string | undefined): Severity {
  return SEVERITY_WORDS.get(word?.toLowerCase() ?? '') ?? 'minor';
}
