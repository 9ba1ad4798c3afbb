import { severityRank, type Severity } from '../sla/severity.js';
import type { AlertKind, AlertState } from './alert-record.js';
import type { Mode } from './mode.js';
import type { AlertLabels } from './silence.js';

/** How alerts are kept few; from the configuration. Lengths of time in ms, 0 switches off. */
export interface AlertPolicy {
  /** Least time between two alerts of one fingerprint and kind. */
  readonly cooldownMs: Readonly<Record<Mode, number>>;
  readonly grouping: {
    /** An incident that opens within this time of its service's last page joins that. */
    readonly withinMs: number;
    /** Those who joined are told of together, at most so often. */
    readonly everyMs: number;
  };
  readonly flapping: {
    /** Opened more often than this within `withinMs`, it must hold for `holdMs` to be told again. */
    readonly opens: number;
    readonly withinMs: number;
    readonly holdMs: number;
  };
}

/** Which incident an alert is about. */
export interface AlertSubject {
  readonly incidentId: string;
  readonly runId: string;
  /** Workflow that sends its alerts. */
  readonly alertId: string;
  readonly labels: AlertLabels;
  readonly severity: Severity;
  readonly openedAtMs: number;
  /** By which the other side knows it. */
  readonly dedupKey: string;
}

/** An incident whose alerts are being decided. */
export interface OpenAlert extends AlertSubject {
  /** When people were told that it is open; undefined while nobody was. */
  readonly pagedAtMs: number | undefined;
  /** When the page that it joined was told of it. */
  readonly joinedAtMs: number | undefined;
}

/** What the fingerprint's earlier incidents said. */
interface Told {
  readonly fingerprint: string;
  /** When its incidents opened, newest last. */
  readonly openedAtMs: readonly number[];
  /** When each kind was last sent, and how grave it was. */
  readonly sent: readonly {
    readonly what: string;
    readonly atMs: number;
    readonly severity: Severity;
  }[];
}

/** All that decides an alert beside mode and silences. */
export interface AlertBook {
  readonly open: readonly OpenAlert[];
  readonly told: readonly Told[];
  /** When the group of a service was last told who joined. */
  readonly groups: readonly { readonly service: string; readonly atMs: number }[];
}

/** Nothing is open, nothing was said. */
export const EMPTY_BOOK: AlertBook = { open: [], told: [], groups: [] };

/** More than that are decided, but not remembered: the state must stay under Temporal's limits. */
const MAX_OPEN = 1_000;
const MAX_TOLD = 2_000;
const MAX_OPENINGS = 20;

/** Puts an incident into the book, or what is new of it; its opening counts once. */
export function enter(book: AlertBook, subject: AlertSubject): AlertBook {
  const known = openOf(book, subject.runId);
  const entry: OpenAlert = {
    ...subject,
    pagedAtMs: known?.pagedAtMs,
    joinedAtMs: known?.joinedAtMs,
  };
  if (known !== undefined)
    return { ...book, open: book.open.map((o) => (o === known ? entry : o)) };
  const { fingerprint } = subject.labels;
  const told = toldOf(book, fingerprint);
  return {
    ...book,
    open: [...book.open, entry].slice(-MAX_OPEN),
    told: withTold(book.told, {
      ...told,
      openedAtMs: [...told.openedAtMs, subject.openedAtMs].slice(-MAX_OPENINGS),
    }),
  };
}

/** Takes an incident out that is over. */
export function leave(book: AlertBook, runId: string): AlertBook {
  return { ...book, open: book.open.filter((o) => o.runId !== runId) };
}

/** That incident, while it is open. */
export function openOf(book: AlertBook, runId: string): OpenAlert | undefined {
  return book.open.find((o) => o.runId === runId);
}

/** Remembers that people were told: `opens` when it was that the incident is open. */
export function noteSent(
  book: AlertBook,
  subject: AlertSubject,
  what: { readonly kind: AlertKind; readonly key: string; readonly opens: boolean },
  nowMs: number,
): AlertBook {
  const told = toldOf(book, subject.labels.fingerprint);
  const name = whatOf(what);
  const sent = told.sent.filter((s) => s.what !== name);
  return {
    ...book,
    open: book.open.map((o) =>
      o.runId === subject.runId && what.opens ? { ...o, pagedAtMs: o.pagedAtMs ?? nowMs } : o,
    ),
    told: withTold(book.told, {
      ...told,
      sent: [...sent, { what: name, atMs: nowMs, severity: subject.severity }].slice(-MAX_OPENINGS),
    }),
  };
}

/** Remembers that the page of a service was told who joined it. */
export function noteJoined(
  book: AlertBook,
  service: string,
  joined: readonly OpenAlert[],
  nowMs: number,
): AlertBook {
  const groups = book.groups.filter((g) => g.service !== service);
  const runs = new Set(joined.map(({ runId }) => runId));
  return {
    ...book,
    open: book.open.map((o) => (runs.has(o.runId) ? { ...o, joinedAtMs: nowMs } : o)),
    groups: [...groups, { service, atMs: nowMs }].slice(-MAX_OPEN),
  };
}

/** Until when the cooldown forbids to say it again; undefined when it may be said. Graver is news. */
export function cooledAtMs(
  book: AlertBook,
  subject: AlertSubject,
  what: { readonly kind: AlertKind; readonly key: string },
  cooldownMs: number,
  nowMs: number,
): number | undefined {
  const last = toldOf(book, subject.labels.fingerprint).sent.find((s) => s.what === whatOf(what));
  if (last === undefined || last.atMs + cooldownMs <= nowMs) return undefined;
  if (severityRank(subject.severity) > severityRank(last.severity)) return undefined;
  return last.atMs + cooldownMs;
}

/** Until when an incident that opens again and again must hold; undefined when it does not flap. */
export function flapsUntilMs(
  book: AlertBook,
  subject: AlertSubject,
  { opens, withinMs, holdMs }: AlertPolicy['flapping'],
  nowMs: number,
): { readonly untilMs: number; readonly times: number } | undefined {
  const { openedAtMs } = toldOf(book, subject.labels.fingerprint);
  const times = openedAtMs.filter((atMs) => atMs > subject.openedAtMs - withinMs).length;
  const untilMs = subject.openedAtMs + holdMs;
  return times > opens && untilMs > nowMs ? { untilMs, times } : undefined;
}

/** The incident of the whole service that mutes one of a replica: it is told, and as grave. */
export function inhibitorOf(book: AlertBook, subject: AlertSubject): OpenAlert | undefined {
  const { labels, severity } = subject;
  if (labels.replica === '') return undefined;
  return book.open.find(
    (o) =>
      o.labels.service === labels.service &&
      o.labels.replica === '' &&
      o.pagedAtMs !== undefined &&
      severityRank(o.severity) >= severityRank(severity),
  );
}

/** The page of the same service that an incident joins: recent enough, and as grave. */
export function leaderOf(
  book: AlertBook,
  subject: AlertSubject,
  withinMs: number,
  nowMs: number,
): OpenAlert | undefined {
  return book.open.find(
    (o) =>
      o.runId !== subject.runId &&
      o.labels.service === subject.labels.service &&
      o.pagedAtMs !== undefined &&
      nowMs - o.pagedAtMs < withinMs &&
      severityRank(o.severity) >= severityRank(subject.severity),
  );
}

/** Those of the service that nobody was told of: they look again when one of it is over. */
export function untoldOf(book: AlertBook, service?: string): readonly OpenAlert[] {
  return book.open.filter(
    (o) => o.pagedAtMs === undefined && (service === undefined || o.labels.service === service),
  );
}

/** Forgets what no rule asks for any more. */
export function forget(book: AlertBook, beforeMs: number): AlertBook {
  const isRecent = (t: Told) =>
    Math.max(0, ...t.openedAtMs, ...t.sent.map(({ atMs }) => atMs)) > beforeMs;
  return {
    open: book.open,
    told: book.told.filter(isRecent),
    groups: book.groups.filter(({ atMs }) => atMs > beforeMs),
  };
}

/** What is decided of an alert that is not sent. */
export type Muted = Exclude<AlertState, 'sent'>;

function whatOf({ kind, key }: { kind: AlertKind; key: string }): string {
  return key === '' ? kind : `${kind}:${key}`;
}

function toldOf(book: AlertBook, fingerprint: string): Told {
  return (
    book.told.find((t) => t.fingerprint === fingerprint) ?? {
      fingerprint,
      openedAtMs: [],
      sent: [],
    }
  );
}

function withTold(all: readonly Told[], told: Told): readonly Told[] {
  return [...all.filter((t) => t.fingerprint !== told.fingerprint), told].slice(-MAX_TOLD);
}
