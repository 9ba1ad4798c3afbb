import type { NotificationAction, NotificationKind } from '../notification.js';
import type { AlertKind } from './alert-record.js';
import type { AlertSnapshot } from './alert.js';
import { utcText } from '../utc-time.js';
import type { OpenAlert } from './alert-book.js';

/** What the message of an alert is made of. */
export interface AlertTextInput {
  readonly kind: AlertKind;
  readonly snapshot: AlertSnapshot;
  readonly nowMs: number;
  /** Level of the ladder, from 0. */
  readonly level: number;
  /** While Temporal is away there is nothing to stop, and no order would be taken. */
  readonly isAway?: boolean;
}

/** A message before it gets an id: what `Notification` holds of words. */
export interface AlertText {
  readonly title: string;
  readonly text: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly actions: readonly NotificationAction[];
}

/** Says what, where, how bad, since when, what is being done, and how to stop it. */
export function alertText(input: AlertTextInput): AlertText {
  const { kind, snapshot, nowMs, level, isAway = false } = input;
  const { violation, incidentId, openedAtMs } = snapshot;
  const { metric, service, replica, severity, startedAtMs } = violation;
  const where = replica === undefined ? service : `${service}/${replica}`;
  const lines = [
    `**What:** ${metric} is ${comparison(snapshot)}`,
    `**Where:** ${where}`,
    ...(violation.evidence === undefined ? [] : [`**Seen:** ${violation.evidence}`]),
    `**How bad:** ${severity}, ${howFar(snapshot)}`,
    `**Since:** ${utcText(startedAtMs)} (${lengthText(nowMs - startedAtMs)}), incident opened ${utcText(openedAtMs)}`,
    `**Being done:** ${beingDone(snapshot)}`,
    ...(snapshot.probableCause === undefined
      ? []
      : [`**Probable cause:** ${snapshot.probableCause}`]),
    ...(kind === 'resolved' || isAway ? [] : [`**To stop it:** ${howToStop(snapshot)}`]),
  ];
  return {
    title: `${leadOf(kind, snapshot, level)}: ${metric} of ${where}`,
    text: lines.join('\n'),
    facts: [
      { name: 'Service', value: service },
      ...(replica === undefined ? [] : [{ name: 'Replica', value: replica }]),
      { name: 'Severity', value: severity },
      { name: 'Value', value: comparison(snapshot) },
      { name: 'Incident', value: incidentId },
    ],
    actions: isAway ? [] : actionsOf(kind, snapshot),
  };
}

/** What it is to whoever is told; the first word of an incident opens it, whatever it says. */
export function notificationKind(kind: AlertKind, isPaged: boolean): NotificationKind {
  if (kind === 'resolved') return 'resolve';
  if (kind === 'acknowledged') return 'acknowledge';
  const isLoud = kind === 'severity' || kind === 'unacknowledged' || kind === 'rollback-incomplete';
  return !isPaged || isLoud ? 'trigger' : 'update';
}

/** What the page of a service is told of those that joined it. */
export function joinedText(service: string, joined: readonly OpenAlert[]): AlertText {
  const shown = joined.slice(0, 10).map(({ labels, severity }) => {
    const where = labels.replica === '' ? service : labels.replica;
    return `- ${labels.metric} of ${where} (${severity}): \`${labels.fingerprint}\``;
  });
  const rest = joined.length - shown.length;
  return {
    title: `${joined.length} more ${joined.length === 1 ? 'incident' : 'incidents'} of ${service}`,
    text: [...shown, ...(rest > 0 ? [`- and ${rest} more: \`paramedic incidents\``] : [])].join(
      '\n',
    ),
    facts: [{ name: 'Service', value: service }],
    actions: [],
  };
}

function leadOf(kind: AlertKind, snapshot: AlertSnapshot, level: number): string {
  const { violation, outcome, waiting, acknowledgedBy } = snapshot;
  const { severity } = violation;
  switch (kind) {
    case 'violation':
      return `${capital(severity)} violation`;
    case 'severity':
      return `Now ${severity}`;
    case 'approval':
      return waiting === undefined
        ? 'Approval wanted'
        : `Approval wanted until ${utcText(waiting.untilMs)}`;
    case 'recovery':
      return outcome === 'recovered' ? 'Recovered' : `Recovery ${outcome ?? 'ended'}`;
    case 'escalated':
      return 'A person must look';
    case 'rollback-incomplete':
      return 'Rollback incomplete, a person must finish it';
    case 'unacknowledged':
      return `Not acknowledged, level ${level + 1}`;
    case 'rca':
      return 'Probable cause';
    case 'acknowledged':
      return `Acknowledged by ${acknowledgedBy ?? 'an operator'}`;
    case 'resolved':
      return snapshot.state === 'resolved' ? 'Resolved' : 'Ended from outside';
  }
}

function comparison({ violation }: AlertSnapshot): string {
  const { value, limit, unit, direction } = violation;
  const side = direction === 'upper' ? 'above' : 'below';
  return `${figure(value)} ${unit}, ${side} its limit of ${figure(limit)} ${unit}`;
}

function howFar({ violation }: AlertSnapshot): string {
  const { value, limit } = violation;
  if (limit === 0 || !Number.isFinite(value)) return 'beyond its limit';
  return `${Math.abs((100 * (value - limit)) / limit).toFixed(0)} % ${value > limit ? 'above' : 'below'} its limit`;
}

function beingDone(snapshot: AlertSnapshot): string {
  const { state, procedure, why, waiting, outcome, owed, lastLine, acknowledgedBy } = snapshot;
  const parts: string[] = [];
  if (state === 'resolved') parts.push('nothing more: the violation is gone');
  else if (waiting !== undefined) {
    parts.push(
      `waits for approval until ${utcText(waiting.untilMs)} (unanswered: ${waiting.onTimeout}): ${waiting.line}`,
    );
  } else if (state === 'escalated') parts.push(`nothing: ${why ?? lastLine}`);
  else if (outcome !== undefined) parts.push(`${procedure ?? 'recovery'}: ${outcome}`);
  else if (procedure !== undefined) parts.push(`${procedure} is ${state}: ${lastLine}`);
  else parts.push('a procedure is being chosen');
  if (owed.length > 0) parts.push(`Still in force, to be undone by: ${owed.join('; ')}`);
  if (acknowledgedBy !== undefined) parts.push(`acknowledged by ${acknowledgedBy}`);
  return parts.join('. ');
}

function howToStop({ incidentId, waiting }: AlertSnapshot): string {
  const answer = waiting === undefined ? '' : `\`paramedic approve|deny ${incidentId}\`; `;
  return `${answer}\`paramedic abort ${incidentId}\` stops and undoes it, \`paramedic kill-switch on\` stops everything; \`paramedic acknowledge ${incidentId}\` says that you have it`;
}

function actionsOf(kind: AlertKind, snapshot: AlertSnapshot): readonly NotificationAction[] {
  if (kind === 'resolved') return [];
  const { waiting, acknowledgedBy, state, outcome } = snapshot;
  const isAtWork = outcome === undefined && state !== 'escalated';
  return [
    ...(acknowledgedBy === undefined ? (['acknowledge'] as const) : []),
    ...(waiting === undefined ? [] : (['approve', 'deny'] as const)),
    ...(isAtWork ? (['abort'] as const) : []),
  ];
}

/** A length of time in words: `45 s`, `12 min`, `3 h 05 min`. */
export function lengthText(lengthMs: number): string {
  const seconds = Math.max(0, Math.round(lengthMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const figure = (value: number) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'unknown';
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
