import type { ChangeEvent } from '../ports.js';
import type { IncidentEvidence } from './evidence.js';
import type { RootCauseRanking } from './rank-input.js';
import { SYMPTOMS, type Signal } from './signal.js';
import type { SignalChange } from './signal-change.js';

/** Whom the incident hits: one replica among good peers, or the service. */
export type Scope =
  | { readonly kind: 'replica'; readonly replica: string; readonly peers: number }
  | { readonly kind: 'service'; readonly replicas: number };

/** What hypotheses argue with; everything is computed once. */
export interface Facts {
  readonly evidence: IncidentEvidence;
  readonly onsetMs: number;
  readonly scope: Scope;
  readonly changes: readonly SignalChange[];
  /** Changes people or machines made in the 30 min before the onset, newest first. */
  readonly recentChanges: readonly ChangeEvent[];
  readonly ranking: RootCauseRanking;
}

/** A change may take a while to bite: a cache fills, a canary spreads. */
const CHANGE_LOOKBACK_MS = 30 * 60_000;
/** An onset is known to a sample or two, so a change that seems a little later may be before it. */
const CHANGE_SLACK_MS = 60_000;

/** Recovery's own restarts and releases come after the incident opened; they are steps, not causes. */
export function changesBefore(evidence: IncidentEvidence, onsetMs: number): ChangeEvent[] {
  const { openedAtMs } = evidence.incident;
  const fromMs = onsetMs - CHANGE_LOOKBACK_MS;
  const untilMs = Math.min(onsetMs + CHANGE_SLACK_MS, openedAtMs);
  // Told twice, by whoever made it and by the supervisor, it is one change still.
  const once = new Map(
    evidence.changes.map((change) => [`${change.atMs} ${change.kind} ${change.summary}`, change]),
  );
  return [
    ...[...once.values()].filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs),
    ...evidence.interventions.filter(({ atMs }) => atMs >= fromMs && atMs <= onsetMs),
  ].sort((a, b) => b.atMs - a.atMs);
}

/** A replica suffers if its symptoms together are as bad as one clear change. */
const SUFFERING_UNITS = 4;
/** One that suffers three times as much as any other is it, even if the others suffer from it. */
const DOMINANCE = 3;
/** Half of the replicas or more: that is the service. */
const SERVICE_SHARE = 0.5;

/** Tells whether one replica or the service is hit, from the symptoms of all replicas. */
export function scopeOf(evidence: IncidentEvidence, changes: readonly SignalChange[]): Scope {
  const { service, replica: named } = evidence.incident;
  const suffering = new Map<string, number>();
  for (const { replica, service: owner } of evidence.series) {
    if (owner === service && replica !== undefined) suffering.set(replica, 0);
  }
  for (const { replica, signal, units, isWorse } of changes) {
    if (replica === undefined || !suffering.has(replica)) continue;
    const accuses = SYMPTOMS.has(signal) || signal === 'kv-usage' || signal === 'gpu-clock';
    if (isWorse && accuses) suffering.set(replica, suffering.get(replica)! + Math.abs(units));
  }
  const replicas = suffering.size;
  const order = [...suffering].sort((a, b) => b[1] - a[1]);
  const bad = order.filter(([, units]) => units >= SUFFERING_UNITS);
  const [worst, second] = order;
  const asReplica = (replica: string): Scope => ({
    kind: 'replica',
    replica,
    peers: Math.max(0, replicas - 1),
  });
  if (worst && worst[1] >= SUFFERING_UNITS) {
    const isAlone = replicas > 1 && bad.length < Math.max(2, SERVICE_SHARE * replicas);
    const isDominant = replicas > 1 && worst[1] >= DOMINANCE * (second?.[1] ?? 0);
    if (isAlone || isDominant) return asReplica(worst[0]);
    // Its detector found this replica bad among its peers, and nothing says better.
    if (named !== undefined && bad.length < replicas) return asReplica(named);
    return { kind: 'service', replicas };
  }
  return named === undefined ? { kind: 'service', replicas } : asReplica(named);
}

/**
 * The strongest change of a signal where the incident is: on the suspected replica (or, where that has
 * none, nowhere), else anywhere in the service. `how`: only a rise, only a fall, or either; `accept`: only
 * those.
 */
export function changeIn(
  facts: Facts,
  signal: Signal,
  how: 'rise' | 'fall' | 'either' = 'either',
  accept: (change: SignalChange) => boolean = () => true,
): SignalChange | undefined {
  const here = changesHere(facts, signal);
  return strongest(here.filter((change) => matches(change, how) && accept(change)));
}

/** The highest level of a signal where the incident is; undefined where it is not measured. */
export function levelIn(facts: Facts, signal: Signal): number | undefined {
  const levels = changesHere(facts, signal).map(({ after }) => after);
  return levels.length === 0 ? undefined : Math.max(...levels);
}

function changesHere({ changes, scope, evidence }: Facts, signal: Signal): SignalChange[] {
  return changes.filter(
    (change) =>
      change.signal === signal &&
      change.service === evidence.incident.service &&
      (scope.kind === 'service' || change.replica === scope.replica),
  );
}

/** The strongest change of a signal anywhere, e.g. of the load at the gateway. */
export function changeAnywhere(
  facts: Facts,
  signal: Signal,
  how: 'rise' | 'fall' | 'either' = 'either',
): SignalChange | undefined {
  return strongest(
    facts.changes.filter((change) => change.signal === signal && matches(change, how)),
  );
}

/**
 * The rise of the demand on the service. Where the demand is measured for the service as a whole, that
 * alone counts: one replica gets more when another is ill, and that is no demand.
 */
export function demandRise(facts: Facts): SignalChange | undefined {
  const { service } = facts.evidence.incident;
  const loads = facts.changes.filter(({ signal }) => signal === 'load');
  const ofWhole = loads.filter(({ replica }) => replica === undefined);
  return strongest(
    (ofWhole.length > 0 ? ofWhole : loads.filter((one) => one.service === service)).filter(
      (change) => matches(change, 'rise'),
    ),
  );
}

/** What a supervisor says of a process that ended by itself. */
const CRASH = /crash|killed|segfault|out of memory|oom/i;

/** A process that died is missed at once, and slow while its caches are cold: what comes later is not its. */
const CRASH_SHOWS_WITHIN_MS = 3 * 60_000;

/** The newest crash of a process where the incident is, around its onset. */
export function crashOf(facts: Facts): ChangeEvent | undefined {
  const { scope, recentChanges, onsetMs } = facts;
  return recentChanges.find(
    ({ summary, replica, atMs }) =>
      CRASH.test(summary) &&
      onsetMs - atMs <= CRASH_SHOWS_WITHIN_MS &&
      (scope.kind === 'service' || replica === scope.replica),
  );
}

/** A change as it is told: of something, from one value to another. */
const FROM_TO = /^(?:(?<of>.*): )?(?<from>.+?) to (?<to>.+)$/;

/**
 * Whether a change put back what one before it had changed (`v2 to v1` after `v1 to v2`): what it leads to
 * had been in use, and was well.
 */
export function isReturn(change: ChangeEvent, { recentChanges }: Facts): boolean {
  const { of, from, to } = FROM_TO.exec(change.summary)?.groups ?? {};
  if (from === undefined || to === undefined) return false;
  const opposite = `${of === undefined ? '' : `${of}: `}${to} to ${from}`;
  return recentChanges.some(
    ({ kind, atMs, summary }) => kind === change.kind && atMs < change.atMs && summary === opposite,
  );
}

/** Whether a change tells of a process that came or went, not of a setting. */
export function isLifecycle({ kind, summary }: ChangeEvent): boolean {
  return kind === 'restart' || CRASH.test(summary) || /^(start|stop|restart)\b/i.test(summary);
}

/** Whether a signal is measured where the incident is: only then its calm is evidence. */
export function isMeasured(facts: Facts, signal: Signal): boolean {
  const { scope } = facts;
  return facts.changes.some(
    (change) =>
      change.signal === signal && (scope.kind === 'service' || change.replica === scope.replica),
  );
}

function matches(change: SignalChange, how: 'rise' | 'fall' | 'either'): boolean {
  if (!change.hasChanged) return false;
  return how === 'either' || change.units > 0 === (how === 'rise');
}

function strongest(changes: readonly SignalChange[]): SignalChange | undefined {
  return [...changes].sort((a, b) => Math.abs(b.units) - Math.abs(a.units))[0];
}
