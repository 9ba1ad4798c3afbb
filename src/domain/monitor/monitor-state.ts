import type { Severity } from '../sla/severity.js';
import { EMPTY_BOOK, forget, untoldOf, type AlertBook, type OpenAlert } from './alert-book.js';
import { describeFacts, nextMode, type AutomaticMode, type Mode, type ModeFacts } from './mode.js';
import { utcText } from '../utc-time.js';
import { MAX_SILENCES, silenceProblem, type Silence } from './silence.js';

/** Who stopped all actions, and why. */
export interface KillSwitch {
  readonly isOn: boolean;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** A time without notifications and automatic actions; detection goes on. */
export interface Maintenance {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly by: string;
  readonly reason: string;
  /** The scheduled window that it is, or undefined when an operator entered it. */
  readonly window: string | undefined;
}

/** A mode that an operator holds against the automatic rule. */
export interface HeldMode {
  readonly mode: AutomaticMode;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  /** Undefined until it is given up. */
  readonly untilMs: number | undefined;
}

/** What a detector last said of what it watches. */
export interface SourceFacts {
  readonly source: string;
  readonly atMs: number;
  /** Open violations; those that several sources see count once. */
  readonly active: readonly { readonly fingerprint: string; readonly severity: Severity }[];
  readonly compliancePercent: number;
}

/** Everything that holds for the whole of paramedic, whoever is alive. */
export interface MonitorState {
  readonly killSwitch: KillSwitch;
  /** What the rule says, also while maintenance or an operator's hold covers it. */
  readonly automatic: AutomaticMode;
  readonly mode: Mode;
  readonly sinceMs: number;
  readonly why: string;
  readonly facts: readonly SourceFacts[];
  readonly maintenance: Maintenance | undefined;
  readonly held: HeldMode | undefined;
  /** Scheduled windows that an operator ended early: they are not entered again. */
  readonly dismissed: readonly string[];
  readonly silences: readonly Silence[];
  readonly book: AlertBook;
}

/** Normal, allowed, unsilenced. */
export const NEW_MONITOR: MonitorState = {
  killSwitch: { isOn: false, by: '', reason: '', atMs: 0 },
  automatic: 'normal',
  mode: 'normal',
  sinceMs: 0,
  why: 'nothing was measured yet',
  facts: [],
  maintenance: undefined,
  held: undefined,
  dismissed: [],
  silences: [],
  book: EMPTY_BOOK,
};

/** A detector that said nothing for so long is not counted: another one watches, or nobody does. */
const FACTS_EXPIRE_MS = 15 * 60_000;
/** No rule asks for what was said longer ago. */
const BOOK_KEPT_MS = 24 * 3_600_000;
const MAX_SOURCES = 50;
const MAX_DISMISSED = 20;

/** Takes a detector's word, which may be late: only its newest counts. */
export function withFacts(state: MonitorState, facts: SourceFacts, nowMs: number): MonitorState {
  const known = state.facts.find((f) => f.source === facts.source);
  if (known !== undefined && known.atMs > facts.atMs) return state;
  const others = state.facts.filter((f) => f !== known && f.atMs > nowMs - FACTS_EXPIRE_MS);
  return settle({ ...state, facts: [...others, facts].slice(-MAX_SOURCES) }, nowMs);
}

/** Enters maintenance, or changes the one there is; a window that was ended early stays ended. */
export function enterMaintenance(
  state: MonitorState,
  ask: Omit<Maintenance, 'sinceMs'>,
  nowMs: number,
): MonitorState {
  const { window, untilMs } = ask;
  if (window !== undefined) {
    if (state.dismissed.includes(window)) return state;
    // An operator's own maintenance is not shortened by a schedule.
    if (state.maintenance !== undefined && state.maintenance.untilMs >= untilMs) return state;
  }
  if (untilMs <= nowMs) return state;
  const maintenance = { ...ask, sinceMs: state.maintenance?.sinceMs ?? nowMs };
  return settle({ ...state, maintenance }, nowMs);
}

/** Ends maintenance before its time. */
export function leaveMaintenance(state: MonitorState, nowMs: number): MonitorState {
  const window = state.maintenance?.window;
  const dismissed =
    window === undefined ? state.dismissed : [...state.dismissed, window].slice(-MAX_DISMISSED);
  return settle({ ...state, maintenance: undefined, dismissed }, nowMs);
}

/** Holds a mode, or (undefined) gives it back to the rule. */
export function holdMode(
  state: MonitorState,
  held: HeldMode | undefined,
  nowMs: number,
): MonitorState {
  return settle({ ...state, held }, nowMs);
}

/** Adds a silence, or replaces the one of that id. Why it can't be, or the state after. */
export function addSilence(
  state: MonitorState,
  silence: Silence,
  nowMs: number,
): MonitorState | { readonly problem: string } {
  const problem = silenceProblem(silence, nowMs);
  if (problem !== undefined) return { problem };
  const others = state.silences.filter((s) => s.id !== silence.id);
  if (others.length >= MAX_SILENCES) {
    return { problem: `${MAX_SILENCES} silences are in force: remove one first` };
  }
  return { ...state, silences: [...others, silence] };
}

/** Takes a silence out; undefined when there is none of that id. */
export function removeSilence(state: MonitorState, id: string): MonitorState | undefined {
  const silences = state.silences.filter((s) => s.id !== id);
  return silences.length === state.silences.length ? undefined : { ...state, silences };
}

/** Ends what has an end, and finds the mode anew. */
export function settle(state: MonitorState, nowMs: number): MonitorState {
  const isOpen = ({ untilMs }: { untilMs: number | undefined }) =>
    untilMs === undefined || untilMs > nowMs;
  const maintenance =
    state.maintenance !== undefined && isOpen(state.maintenance) ? state.maintenance : undefined;
  const held = state.held !== undefined && isOpen(state.held) ? state.held : undefined;
  const facts = factsOf(state.facts, nowMs);
  const automatic = facts === undefined ? state.automatic : nextMode(state.automatic, facts);
  const [mode, why] = modeOf({ maintenance, held, automatic }, facts);
  return {
    ...state,
    ...{ maintenance, held, automatic, mode, why },
    silences: state.silences.filter((s) => s.endsAtMs > nowMs),
    sinceMs: mode === state.mode && state.sinceMs > 0 ? state.sinceMs : nowMs,
    book: forget(state.book, nowMs - BOOK_KEPT_MS),
  };
}

function modeOf(
  { maintenance, held, automatic }: Pick<MonitorState, 'maintenance' | 'held' | 'automatic'>,
  facts: ModeFacts | undefined,
): [Mode, string] {
  const because = ({ by, reason }: { by: string; reason: string }) =>
    reason === '' ? `by ${by}` : `by ${by}: ${reason}`;
  if (maintenance !== undefined) return ['maintenance', because(maintenance)];
  if (held !== undefined) return [held.mode, `held ${because(held)}`];
  return [automatic, facts === undefined ? 'nothing was measured lately' : describeFacts(facts)];
}

/** What all detectors together see; undefined when none said anything lately. */
function factsOf(all: readonly SourceFacts[], nowMs: number): ModeFacts | undefined {
  const fresh = all.filter((f) => f.atMs > nowMs - FACTS_EXPIRE_MS);
  if (fresh.length === 0) return undefined;
  const open = new Map(fresh.flatMap((f) => f.active.map((a) => [a.fingerprint, a.severity])));
  return {
    active: [...open.values()],
    compliancePercent: Math.min(...fresh.map((f) => f.compliancePercent)),
  };
}

/** When something ends by itself; undefined when nothing does. */
export function nextEndMs(state: MonitorState): number | undefined {
  const ends = [
    state.maintenance?.untilMs,
    state.held?.untilMs,
    ...state.silences.map((s) => s.endsAtMs),
  ].filter((atMs) => atMs !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * Whom a change concerns: after maintenance every open incident, so that what is still violated
 * alerts and recovers at once; after a silence the incidents that nobody was told of.
 */
export function wokenBy(before: MonitorState, after: MonitorState): readonly OpenAlert[] {
  if (before.maintenance !== undefined && after.maintenance === undefined) return after.book.open;
  const hasFewer = before.silences.some((s) => !after.silences.some(({ id }) => id === s.id));
  return hasFewer ? untoldOf(after.book) : [];
}

/** What of it others look at: all but the alerts' own memory. */
export type MonitorView = Pick<
  MonitorState,
  'mode' | 'automatic' | 'sinceMs' | 'why' | 'killSwitch' | 'maintenance' | 'held' | 'silences'
>;

/** The part that others look at. */
export function viewOf(state: MonitorState): MonitorView {
  const { mode, automatic, sinceMs, why, killSwitch, maintenance, held, silences } = state;
  return { mode, automatic, sinceMs, why, killSwitch, maintenance, held, silences };
}

const MAINTENANCE = 'maintenance by ';

/** Why nothing is told and nothing acts, in words. */
export function maintenanceText({ by, reason, untilMs }: Maintenance): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `${MAINTENANCE}${by} until ${utcText(untilMs)}${why}`;
}

/** Whether a step was kept from acting by maintenance, as its report says. */
export function isMaintenanceText(line: string): boolean {
  return line.startsWith(MAINTENANCE);
}
