import { areMostBad, attribute, type ReplicaStanding } from './attribution.js';
import type { Finding, Member, Rule } from './member.js';
import type { ResolvedBecause, SlaEvent } from './samples.js';
import { SEVERITIES, severityRank, type Severity } from './severity.js';
import { fingerprintOf, type Violation } from './violation.js';

/** Plain state of a `ScopeGroup`. */
export interface GroupState {
  readonly open: readonly Violation[];
  readonly lastBad: readonly (readonly [replica: string, memory: BadMemory])[];
}

/** When a replica was last bad, and whether it still is. */
interface BadMemory {
  readonly isBad: boolean;
  readonly atMs: number;
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;

/**
 * The violations of one rule in one service, over all its scopes.
 *
 * While the service's violation is open no replica's is opened: it covers them. A replica's that was
 * open before stays open as a member until it resolves by itself, because its incident owns actions
 * and undos under way, which must not end in the middle of the greater one.
 */
export class ScopeGroup {
  readonly #members = new Map<string | undefined, Member>();
  readonly #open = new Map<string | undefined, Violation>();
  readonly #lastBad = new Map<string, BadMemory>();
  #isUndecided = false;

  constructor(
    readonly service: string,
    public rule: Rule,
  ) {}

  get members(): ReadonlyMap<string | undefined, Member> {
    return this.#members;
  }

  get hasOpen(): boolean {
    return this.#open.size > 0;
  }

  /** True when `decide` must be called with every sample: a violation is held back for a while. */
  get isRestless(): boolean {
    return this.#isUndecided;
  }

  isOpenFor(replica: string | undefined): boolean {
    return this.#open.has(replica);
  }

  /** Adds a scope, or puts another member in its place. */
  add(member: Member): void {
    this.#members.set(member.replica, member);
    member.isOpen = this.#open.has(member.replica) || this.#open.has(undefined);
  }

  /** The open violations, with the value of now and the gravest severity so far. */
  open(): Violation[] {
    return [...this.#open].map(([replica, violation]) => {
      const { value, limit } = this.#finding(replica);
      return Number.isFinite(value) ? { ...violation, value, limit } : violation;
    });
  }

  /** Opens, raises and resolves what the members' standing at `atMs` asks for. */
  decide(atMs: number, out: SlaEvent[]): void {
    this.#isUndecided = false;
    const live: Member[] = [];
    for (const member of this.#members.values()) {
      const { replica, isStale } = member;
      if (replica === undefined) continue;
      if (!isStale) live.push(member);
      const isBad = !isStale && member.standing !== 'fine';
      if (isBad || this.#lastBad.get(replica)?.isBad) this.#lastBad.set(replica, { isBad, atMs });
    }
    this.#settle(live, atMs, out);
    if (!this.#open.has(undefined)) this.#start(live, atMs, out);
    for (const [replica, violation] of this.#open) this.#raise(replica, violation, atMs, out);
  }

  /** Ends the open violation of a scope, if there is one, and lets go of the member. */
  remove(replica: string | undefined, atMs: number, because: ResolvedBecause, out: SlaEvent[]) {
    if (this.#open.has(replica)) this.#close(replica, atMs, because, out);
    this.#members.delete(replica);
    if (replica !== undefined) this.#lastBad.delete(replica);
  }

  /** Ends all open violations. */
  end(atMs: number, because: ResolvedBecause, out: SlaEvent[]): void {
    for (const replica of [...this.#open.keys()]) this.#close(replica, atMs, because, out);
  }

  snapshot(): GroupState {
    return { open: [...this.#open.values()], lastBad: [...this.#lastBad] };
  }

  /** To be called before members are added. */
  restore(state: GroupState): void {
    for (const violation of state.open) this.#open.set(violation.replica, violation);
    for (const [replica, memory] of state.lastBad) this.#lastBad.set(replica, memory);
    // The limit may be another one than when the state was saved: the next sample decides anew.
    this.#isUndecided = true;
  }

  #start(live: readonly Member[], atMs: number, out: SlaEvent[]): void {
    const own = this.#members.get(undefined);
    const service = own === undefined || own.isStale ? undefined : own.standing;
    const standings: ReplicaStanding[] = [];
    for (const { replica, standing } of live) {
      standings.push({ replica: replica!, standing, isBlamed: this.#isBlamed(replica!, atMs) });
    }
    // A restarted replica is silent for a while: its breach still echoes in the service's window.
    for (const [replica, { isStale }] of this.#members) {
      if (replica === undefined || !isStale || !this.#isBlamed(replica, atMs)) continue;
      standings.push({ replica, standing: 'fine', isBlamed: true });
    }
    const decision = attribute(service, standings);
    if (decision.scope === 'service') this.#begin(undefined, atMs, out);
    else for (const replica of decision.replicas) this.#begin(replica, atMs, out);
    this.#isUndecided = service === 'sustained' && !this.#open.has(undefined);
  }

  #isBlamed(replica: string, atMs: number): boolean {
    const memory = this.#lastBad.get(replica);
    const member = this.#members.get(replica);
    return memory !== undefined && member !== undefined && atMs - memory.atMs <= member.windowMs;
  }

  #begin(replica: string | undefined, atMs: number, out: SlaEvent[]): void {
    if (this.#open.has(replica)) return;
    const { service, rule } = this;
    const violation: Violation = {
      fingerprint: fingerprintOf({ service, replica }, rule.name),
      service,
      replica,
      threshold: rule.name,
      metric: rule.metric,
      violationType: rule.violationType,
      unit: rule.unit,
      direction: rule.direction,
      detectedAtMs: atMs,
      ...this.#finding(replica),
    };
    this.#open.set(replica, violation);
    this.#mark(replica, true);
    out.push({ type: 'violation', atMs, violation });
  }

  #settle(live: readonly Member[], atMs: number, out: SlaEvent[]): void {
    for (const replica of [...this.#open.keys()]) {
      const member = this.#members.get(replica);
      const judges = replica === undefined && member === undefined ? live : [member];
      const isOver =
        replica === undefined
          ? this.#isServiceRecovered(live, member)
          : member !== undefined && !member.isStale && member.isRecovered;
      const all = (is: (m: Member) => boolean) =>
        judges.length > 0 && judges.every((m) => m !== undefined && is(m));
      if (isOver) this.#close(replica, atMs, 'compliant', out);
      else if (all((m) => m.isIdle)) this.#close(replica, atMs, 'no-demand', out);
      else if (all((m) => m.isAdopted)) this.#close(replica, atMs, 'new-normal', out);
    }
  }

  /** The service's own series has recovered, where there is one, and so have most replicas. */
  #isServiceRecovered(live: readonly Member[], own: Member | undefined): boolean {
    if (own !== undefined && !own.isStale) return own.isRecovered && !areMostBad(live);
    const judged = live.filter((m) => m.isRecovered || m.standing !== 'fine');
    const recovered = judged.filter((m) => m.isRecovered);
    return recovered.length > 0 && 2 * recovered.length >= live.length;
  }

  #close(replica: string | undefined, atMs: number, because: ResolvedBecause, out: SlaEvent[]) {
    const violation = this.#open.get(replica)!;
    const value = because === 'compliant' ? this.#goodValue(replica) : this.#finding(replica).value;
    this.#open.delete(replica);
    this.#mark(replica, false);
    const last = Number.isFinite(value) ? { ...violation, value } : violation;
    out.push({ type: 'resolved', atMs, violation: last, because });
  }

  /** What a scope has recovered to: never the value of the replicas that are still bad by themselves. */
  #goodValue(replica: string | undefined): number {
    const own = this.#members.get(replica);
    if (own !== undefined && !own.isStale) return own.finding().value;
    const recovered = [...this.#members.values()].filter((m) => !m.isStale && m.isRecovered);
    return middle(recovered.map((m) => m.finding().value));
  }

  #raise(replica: string | undefined, violation: Violation, atMs: number, out: SlaEvent[]): void {
    const previous = violation.severity;
    if (this.#severityRank(replica) <= severityRank(previous)) return;
    const { value, limit } = this.#finding(replica);
    const severity: Severity = SEVERITIES[this.#severityRank(replica)]!;
    const raised = { ...violation, severity, value, limit };
    this.#open.set(replica, raised);
    out.push({ type: 'severity', atMs, violation: raised, previous });
  }

  #mark(replica: string | undefined, isOpen: boolean): void {
    if (replica !== undefined) {
      const member = this.#members.get(replica);
      if (member !== undefined) member.isOpen = isOpen || this.#open.has(undefined);
      return;
    }
    // The service's violation is everyone's: all of them are in no normal times.
    for (const member of this.#members.values()) {
      member.isOpen = isOpen || this.#open.has(member.replica);
    }
  }

  /** Who speaks for a scope: itself, or for a service without bad series of its own its bad replicas. */
  #speakers(replica: string | undefined): readonly Member[] {
    const own = this.#members.get(replica);
    if (own !== undefined && (replica !== undefined || (!own.isStale && own.standing !== 'fine'))) {
      return [own];
    }
    const replicas = [...this.#members.values()].filter(
      (m) => m.replica !== undefined && !m.isStale,
    );
    const bad = replicas.filter((m) => m.standing !== 'fine');
    if (bad.length > 0) return bad;
    if (own !== undefined) return [own];
    return replicas;
  }

  #severityRank(replica: string | undefined): number {
    const speakers = this.#speakers(replica).filter((m) => m.standing !== 'fine');
    return speakers.length === 0 ? 0 : middle(speakers.map((m) => m.severityRank));
  }

  #finding(replica: string | undefined): Finding {
    const findings = this.#speakers(replica).map((m) => m.finding());
    const rank = this.#severityRank(replica);
    return {
      value: middle(findings.map((f) => f.value)),
      limit: middle(findings.map((f) => f.limit)),
      severity: SEVERITIES[rank]!,
      startedAtMs: Math.min(...findings.map((f) => f.startedAtMs)),
      windowMs: Math.max(...findings.map((f) => f.windowMs)),
    };
  }
}
