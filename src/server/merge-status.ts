import type { SlaSummary } from '../domain/sla/summary.js';
import { SEVERITIES } from '../domain/sla/severity.js';
import { VIOLATION_TYPES } from '../domain/sla/threshold.js';
import type { LoggedViolation } from '../domain/sla/violation-log.js';
import { scopeOf, type Violation } from '../domain/sla/violation.js';
import type { DetectorPart, DetectorStatus } from './detector-client.js';

const HOUR_MS = 3_600_000;

/** What each detector said, by its number; undefined for one that did not answer. */
export type Parts = ReadonlyMap<number, DetectorPart | undefined>;

/** Who watches what. */
export interface Shares {
  /** All configured ones. */
  readonly services: readonly string[];
  /** The detectors of a service, the first one first. */
  readonly ownersOf: (service: string) => readonly number[];
  readonly nameOf: (number: number) => string;
}

/** Of a list about services, what the detector says that speaks for each: the first that answered. */
export function spokenOf<T extends { readonly service: string }>(
  lists: ReadonlyMap<number, readonly T[]>,
  ownersOf: Shares['ownersOf'],
): T[] {
  return [...lists].flatMap(([number, list]) =>
    list.filter(({ service }) => ownersOf(service).find((owner) => lists.has(owner)) === number),
  );
}

/**
 * What several detectors know, as if it were one: of a service that several watch, what the first of
 * them says, but what any of them holds open. Undefined where none answered.
 */
export function mergeStatus(
  parts: Parts,
  shares: Shares,
  nowMs: number,
): DetectorStatus | undefined {
  const heard = new Map(
    [...parts].flatMap(([number, part]) => (part === undefined ? [] : [[number, part] as const])),
  );
  const all = [...heard.values()];
  const [first] = all;
  if (first === undefined) return undefined;
  const of = <T extends { readonly service: string }>(list: (part: DetectorPart) => readonly T[]) =>
    spokenOf(new Map([...heard].map(([number, part]) => [number, list(part)])), shares.ownersOf);
  const unwatched = shares.services.filter(
    (service) => !shares.ownersOf(service).some((number) => heard.has(number)),
  );
  return {
    atMs: Math.min(...all.map(({ atMs }) => atMs)),
    summary: summaryOf(all, of, nowMs),
    thresholds: first.thresholds,
    targets: of(({ targets }) => targets),
    coverage: of(({ coverage }) => coverage),
    isDispatching: togetherOf(all.map(({ isDispatching }) => isDispatching)),
    openReports: new Set(all.flatMap(({ reports }) => reports)).size,
    breakers: of(({ breakers }) => breakers.map((b) => ({ ...b, service: b.target.service }))).map(
      ({ target, kind, breaker }) => ({ target, kind, breaker }),
    ),
    health: {
      replicas: of(({ health }) => health.replicas),
      host: worstHost(all.map(({ health }) => health.host)),
    },
    unwatched,
    problems: [...absences(parts, unwatched, shares), ...differences(heard, shares)],
  };
}

function summaryOf(
  all: readonly DetectorPart[],
  of: <T extends { readonly service: string }>(list: (part: DetectorPart) => readonly T[]) => T[],
  nowMs: number,
): SlaSummary {
  const heatMap = of(({ summary }) => summary.heatMap);
  const opened = of(({ opened: those }) =>
    those.map((one) => ({ ...one, service: scopeOf(one.fingerprint).service })),
  );
  const complianceByThreshold: Record<string, number> = {};
  for (const name of new Set(heatMap.map(({ threshold }) => threshold))) {
    const share = complianceOf(
      heatMap.filter(({ threshold }) => threshold === name),
      nowMs,
    );
    if (share !== undefined) complianceByThreshold[name] = share;
  }
  const active = new Map<string, Violation>();
  const spoken = of(({ summary }) => summary.active);
  // What only another one holds open is open as well.
  for (const one of [...spoken, ...all.flatMap(({ summary }) => summary.active)]) {
    if (!active.has(one.fingerprint)) active.set(one.fingerprint, one);
  }
  return {
    compliancePercent: complianceOf(heatMap, nowMs) ?? 100,
    complianceByThreshold,
    active: [...active.values()],
    lastDay: lastDayOf(opened),
    heatMap,
  };
}

/** Percent of the last hour's samples inside their limit, as each detector counts them. */
function complianceOf(rows: SlaSummary['heatMap'], nowMs: number): number | undefined {
  let samples = 0;
  let breaches = 0;
  for (const { startMs, ...bucket } of rows.flatMap(({ buckets }) => buckets)) {
    if (startMs <= nowMs - HOUR_MS) continue;
    samples += bucket.samples;
    breaches += bucket.breaches;
  }
  return samples === 0 ? undefined : (100 * (samples - breaches)) / samples;
}

function lastDayOf(opened: readonly LoggedViolation[]): SlaSummary['lastDay'] {
  const count = <T extends string>(all: readonly T[], keyOf: (one: LoggedViolation) => T) =>
    Object.fromEntries(
      all.map((key) => [key, opened.filter((one) => keyOf(one) === key).length]),
    ) as Record<T, number>;
  return {
    total: opened.length,
    bySeverity: count(SEVERITIES, ({ severity }) => severity),
    byType: count(VIOLATION_TYPES, ({ violationType }) => violationType),
    openedAtMs: opened.map(({ openedAtMs }) => openedAtMs).sort((a, b) => a - b),
  };
}

/** False as soon as one of them fails. */
function togetherOf(all: readonly (boolean | undefined)[]): boolean | undefined {
  if (all.includes(false)) return false;
  return all.includes(true) ? true : undefined;
}

function worstHost(hosts: readonly DetectorStatus['health']['host'][]) {
  const worst = (of: (host: DetectorStatus['health']['host']) => number) =>
    Math.max(...hosts.map(of));
  return {
    loadPerCore: worst(({ loadPerCore }) => loadPerCore),
    memoryUsedPercent: worst(({ memoryUsedPercent }) => memoryUsedPercent),
    diskUsedPercent: worst(({ diskUsedPercent }) => diskUsedPercent),
  };
}

/** Who does not answer, and what that leaves unwatched. */
function absences(parts: Parts, unwatched: readonly string[], shares: Shares): string[] {
  return [...parts].flatMap(([number, part]) => {
    if (part !== undefined) return [];
    const lost = unwatched.filter((service) => shares.ownersOf(service).includes(number));
    const rest =
      lost.length === 0 ? 'others watch its services' : `nobody watches ${lost.join(', ')}`;
    return [`${shares.nameOf(number)} does not answer: ${rest}`];
  });
}

/** All must judge alike: one that was away while the thresholds were changed does not. */
function differences(heard: ReadonlyMap<number, DetectorPart>, shares: Shares): string[] {
  const names = new Map<string, string[]>();
  for (const [number, { thresholds }] of heard) {
    const sorted = [...thresholds].sort((a, b) => a.name.localeCompare(b.name));
    const key = JSON.stringify(sorted);
    names.set(key, [...(names.get(key) ?? []), shares.nameOf(number)]);
  }
  if (names.size < 2) return [];
  const groups = [...names.values()].map((group) => group.join(', '));
  return [
    `${groups.join(' and ')} judge by different thresholds: put the whole list (PUT /v1/thresholds), or reload`,
  ];
}
