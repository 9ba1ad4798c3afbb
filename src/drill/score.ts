import type { IncidentDetailJson } from '../server/incident-json.js';

/** What the fleet says of a fault that was injected. */
export interface InjectedFault {
  readonly fault: string;
  /** Undefined where it concerns the whole fleet. */
  readonly replica: string | undefined;
  /** Kinds of cause that are right to name, `undetermined` and `none` among them. */
  readonly rightCauses: readonly string[];
  readonly injectedAtMs: number;
  readonly clearedAtMs: number;
}

/** What a report names; kind `undetermined` where it names nothing. */
export interface NamedCause {
  readonly kind: string;
  /** Undefined for the service as a whole. */
  readonly replica: string | undefined;
  /** 0 to 1, of what is named. */
  readonly likelihood: number;
  readonly isConfident: boolean;
}

/** One incident of a drill as it was last seen; `named` is undefined before its report. */
export interface SeenIncident {
  readonly detail: IncidentDetailJson;
  readonly named: NamedCause | undefined;
}

/** Seconds after the injection; null for what did not happen. */
export interface DrillTimes {
  readonly detected: number | null;
  readonly acted: number | null;
  readonly recovered: number | null;
}

/** What came of one drill. JSON: fields may be added. */
export interface DrillResult {
  readonly fault: string;
  readonly replica: string | null;
  readonly injectedAt: string;
  readonly seconds: DrillTimes;
  /** Steps that acted on a replica that was well. */
  readonly falseActions: readonly string[];
  /** Steps that acted and did not help. */
  readonly ineffectiveActions: readonly string[];
  readonly expected: { readonly causes: readonly string[]; readonly replica: string | null };
  /** By the first incident's report; cause `none` without any incident. */
  readonly named: {
    readonly cause: string;
    readonly replica: string | null;
    readonly likelihood: number | null;
    readonly isConfident: boolean;
  };
  readonly isRight: boolean;
  /** The other incidents' reports: how many there were, and how many of them were right. */
  readonly otherReports: { readonly right: number; readonly total: number };
  readonly incidents: readonly string[];
}

type Step = IncidentDetailJson['steps'][number];

/** Step states in which nothing was changed. */
const NOT_ACTED: ReadonlySet<Step['state']> = new Set([
  'planned',
  'awaiting-approval',
  'skipped',
  'refused',
]);
const NOT_HELPED: ReadonlySet<Step['state']> = new Set([
  'no-effect',
  'worse',
  'undecided',
  'failed',
  'undone',
  'undo-failed',
]);

/** Judges one drill by the incidents that were opened between its injection and the end of its fault. */
export function scoreDrill(
  injected: InjectedFault,
  incidents: readonly SeenIncident[],
): DrillResult {
  const { fault, replica, rightCauses, injectedAtMs } = injected;
  const seen = [...incidents].sort((a, b) => openedAtMs(a) - openedAtMs(b));
  const [first, ...others] = seen;
  const acted = seen.flatMap(({ detail }) =>
    detail.steps.filter(({ state, startedAt }) => startedAt !== null && !NOT_ACTED.has(state)),
  );
  const since = (atMs: number | undefined): number | null =>
    atMs === undefined || !Number.isFinite(atMs)
      ? null
      : Math.max(0, Math.round((atMs - injectedAtMs) / 100) / 10);
  const isRight = (named: NamedCause | undefined): boolean =>
    named !== undefined && rightCauses.includes(named.kind) && isRightPlace(named, replica);
  const reports = others.flatMap(({ named }) => named ?? []);
  const named = first?.named;
  return {
    fault,
    replica: replica ?? null,
    injectedAt: new Date(injectedAtMs).toISOString(),
    seconds: {
      detected: since(first && openedAtMs(first)),
      acted: since(Math.min(...acted.map(({ startedAt }) => Date.parse(startedAt ?? '')))),
      recovered: since(recoveredAtMs(seen, injected.clearedAtMs)),
    },
    falseActions: acted
      .filter(({ target }) => replica !== undefined && (target.replica ?? replica) !== replica)
      .map(inWords),
    ineffectiveActions: acted.filter(({ state }) => NOT_HELPED.has(state)).map(inWords),
    expected: { causes: rightCauses, replica: replica ?? null },
    named: {
      cause: first === undefined ? 'none' : (named?.kind ?? 'no report'),
      replica: named?.replica ?? null,
      likelihood: named?.likelihood ?? null,
      isConfident: named?.isConfident ?? false,
    },
    isRight: first === undefined ? rightCauses.includes('none') : isRight(named),
    otherReports: { right: reports.filter(isRight).length, total: reports.length },
    incidents: seen.map(({ detail }) => detail.id),
  };
}

/** Who names no cause names no place. */
function isRightPlace(named: NamedCause, replica: string | undefined): boolean {
  return named.kind === 'undetermined' || named.replica === replica;
}

function openedAtMs({ detail }: SeenIncident): number {
  return Date.parse(detail.openedAt);
}

/** When the last of them was well again; undefined when one was not before the fault was taken back. */
function recoveredAtMs(seen: readonly SeenIncident[], clearedAtMs: number): number | undefined {
  const times = seen.map(({ detail }) => {
    const line = detail.timeline.find(
      ({ stage, at }) =>
        (stage === 'recovered' || stage === 'compliant') && Date.parse(at) <= clearedAtMs,
    );
    return Date.parse(line?.at ?? '');
  });
  return times.length === 0 || times.some(Number.isNaN) ? undefined : Math.max(...times);
}

function inWords({ action, target, state }: Step): string {
  return `${action} of ${target.replica ?? target.service} (${state})`;
}
