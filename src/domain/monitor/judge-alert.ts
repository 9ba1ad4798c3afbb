import type { AlertKind, AlertState } from './alert-record.js';
import {
  cooledAtMs,
  enter,
  flapsUntilMs,
  inhibitorOf,
  leaderOf,
  leave,
  noteJoined,
  noteSent,
  openOf,
  untoldOf,
  type AlertBook,
  type AlertPolicy,
  type AlertSubject,
  type Muted,
  type OpenAlert,
} from './alert-book.js';
import { maintenanceText, type Maintenance } from './monitor-state.js';
import type { Mode } from './mode.js';
import { utcText } from '../utc-time.js';
import { silenceOf, type Silence } from './silence.js';

/** Asks whether people are told of a stage of an incident. */
export interface AlertAsk {
  readonly subject: AlertSubject;
  readonly kind: AlertKind;
  /** Tells two of one kind apart for the cooldown; may be empty. */
  readonly key: string;
  /** Whether people were told already that the incident is open. */
  readonly isPaged: boolean;
  readonly policy: AlertPolicy;
}

/** What is decided, and what the next decisions must know. */
export interface Judgement {
  readonly state: AlertState;
  /** Why it is not sent; empty when it is. */
  readonly why: string;
  readonly mode: Mode;
  /** When it may be asked again, for what is still open then; undefined when only others' end helps. */
  readonly recheckAtMs: number | undefined;
  /** The incident under which it is grouped or by which it is inhibited. */
  readonly under: OpenAlert | undefined;
  /** For `grouped`: those who joined, to be told of now in one message; empty when not now. */
  readonly joined: readonly OpenAlert[];
}

/** What of the monitor's state decides alerts. */
export interface AlertWorld {
  readonly mode: Mode;
  readonly maintenance: Maintenance | undefined;
  readonly silences: readonly Silence[];
  readonly book: AlertBook;
}

/** Kinds that ask for a person: neither a group nor its service's incident mutes them. */
const ASKS: readonly AlertKind[] = [
  'approval',
  'escalated',
  'rollback-incomplete',
  'unacknowledged',
];
const ENDS: readonly AlertKind[] = ['acknowledged', 'resolved'];

/**
 * Decides one alert, in this order: maintenance suppresses everything; a silence mutes what opens or
 * adds; an end is told to whoever was told of the beginning; what asks for a person only minds the
 * cooldown; then inhibition, cooldown, flapping and grouping for what opens, the cooldown for what adds.
 */
export function judgeAlert(
  world: AlertWorld,
  ask: AlertAsk,
  nowMs: number,
): { readonly book: AlertBook; readonly judgement: Judgement } {
  const { subject, kind } = ask;
  const entered = kind === 'resolved' ? world.book : enter(world.book, subject);
  const judgement = decide({ ...world, book: entered }, ask, nowMs);
  let book = entered;
  if (judgement.state === 'sent') {
    // Whatever tells people first that it is open is what the cooldown of its opening counts from.
    const what = ask.isPaged ? { kind, key: ask.key } : { kind: 'violation' as const, key: '' };
    book = noteSent(book, subject, { ...what, opens: !ENDS.includes(kind) }, nowMs);
  }
  if (judgement.joined.length > 0) {
    book = noteJoined(book, subject.labels.service, judgement.joined, nowMs);
  }
  // An end that maintenance suppresses is asked for again.
  if (kind === 'resolved' && judgement.recheckAtMs === undefined) book = leave(book, subject.runId);
  return { book, judgement };
}

function decide(world: AlertWorld, ask: AlertAsk, nowMs: number): Judgement {
  const { mode, maintenance, silences, book } = world;
  const { subject, kind, key, isPaged, policy } = ask;
  const sent: Judgement = {
    ...{ state: 'sent', why: '', mode, recheckAtMs: undefined, under: undefined, joined: [] },
  };
  const muted = (state: Muted, why: string, more: Partial<Judgement> = {}): Judgement => ({
    ...{ ...sent, state, why },
    ...more,
  });
  if (ENDS.includes(kind) && !isPaged) {
    return muted('suppressed', 'nobody was told that it is open');
  }
  if (maintenance !== undefined) {
    const { untilMs } = maintenance;
    const why = maintenanceText(maintenance);
    return muted('suppressed', why, { recheckAtMs: untilMs });
  }
  if (ENDS.includes(kind)) return sent;
  const silence = silenceOf(silences, subject.labels, nowMs);
  if (silence !== undefined) {
    const why = `silence ${silence.id} of ${silence.owner} until ${utcText(silence.endsAtMs)}: ${silence.reason}`;
    return muted('silenced', why, { recheckAtMs: silence.endsAtMs });
  }
  const cooldownMs = policy.cooldownMs[mode];
  const cool = (what: { kind: AlertKind; key: string }) =>
    cooledAtMs(book, subject, what, cooldownMs, nowMs);
  const cooling = (untilMs: number) =>
    muted('suppressed', `cooldown of ${cooldownMs / 1000} s (${mode}) until ${utcText(untilMs)}`, {
      recheckAtMs: untilMs,
    });
  if (ASKS.includes(kind) || isPaged) {
    const untilMs = cool({ kind, key });
    if (untilMs === undefined) return sent;
    // What was said of a paged incident is not said again later: only its opening is.
    return isPaged ? { ...cooling(untilMs), recheckAtMs: undefined } : cooling(untilMs);
  }
  const inhibitor = inhibitorOf(book, subject);
  if (inhibitor !== undefined) {
    const why = `the whole of ${subject.labels.service} is violated: ${inhibitor.incidentId}`;
    return muted('inhibited', why, { under: inhibitor });
  }
  const untilMs = cool({ kind: 'violation', key: '' });
  if (untilMs !== undefined) return cooling(untilMs);
  const flaps = flapsUntilMs(book, subject, policy.flapping, nowMs);
  if (flaps !== undefined) {
    const why = `flapping: opened ${flaps.times} times; told again if it holds until ${utcText(flaps.untilMs)}`;
    return muted('suppressed', why, { recheckAtMs: flaps.untilMs });
  }
  const leader = leaderOf(book, subject, policy.grouping.withinMs, nowMs);
  return leader === undefined ? sent : grouped(world, ask, leader, muted, nowMs);
}

/** It joins the page of its service: told of there, with all others that joined since. */
function grouped(
  { book, silences }: AlertWorld,
  { subject, policy }: AlertAsk,
  leader: OpenAlert,
  muted: (state: Muted, why: string, more: Partial<Judgement>) => Judgement,
  nowMs: number,
): Judgement {
  const { service } = subject.labels;
  const why = `joins the page of ${leader.incidentId}`;
  const lastMs = book.groups.find((g) => g.service === service)?.atMs ?? -Infinity;
  const dueMs = Math.max(lastMs, leader.pagedAtMs ?? nowMs) + policy.grouping.everyMs;
  const wasTold = openOf(book, subject.runId)?.joinedAtMs !== undefined;
  // When the group is over, it becomes a page of its own, should it still be open.
  const overMs = (leader.pagedAtMs ?? nowMs) + policy.grouping.withinMs;
  if (wasTold) return muted('grouped', why, { under: leader, recheckAtMs: overMs });
  if (nowMs < dueMs) {
    return muted('grouped', why, { under: leader, recheckAtMs: Math.min(dueMs, overMs) });
  }
  // A silenced one is not told of by another’s word either.
  const joined = untoldOf(book, service).filter(
    (o) => o.joinedAtMs === undefined && silenceOf(silences, o.labels, nowMs) === undefined,
  );
  return muted('grouped', why, { under: leader, recheckAtMs: overMs, joined });
}
