import type { LoadBalancer, LoadBalancerServer } from '../../domain/ports.js';
import {
  BY_RULE,
  NEW_BREAKER,
  transition,
  type Breaker,
  type BreakerEvent,
} from '../../domain/recovery/breaker.js';
import type { BreakerHold } from '../../domain/recovery/breaker-enforcement.js';
import type { BreakerKind, BreakerSettings } from '../../domain/recovery/breaker-kinds.js';
import { refusalToRelieve } from '../../domain/recovery/weights.js';
import type { BreakerOutcome, BreakerView } from '../../workflows/breaker-messages.js';
import type { Target } from '../../workflows/messages.js';
import type { PendingOutcomes } from './pending.js';

/** Breakers as the detector reaches them. Every call may fail, and is then made again. */
export interface BreakerGate {
  /** Those that were ever used. */
  states(): Promise<readonly BreakerView[]>;
  /** Why nothing may act unasked now (the kill switch); undefined while it may. */
  stopped(): Promise<string | undefined>;
}

/** What of a service the watch needs. */
export interface WatchedService {
  readonly name: string;
  readonly replicas: readonly { readonly name: string; readonly server: string }[];
  readonly loadBalancer: { readonly port: LoadBalancer; readonly backend: string } | undefined;
}

/** What the watch is made of. */
export interface BreakerWatchOptions {
  readonly services: readonly WatchedService[];
  readonly settings: Readonly<Record<BreakerKind, BreakerSettings>>;
  /** Whether the configuration lets a breaker act unasked. */
  readonly mayAct: boolean;
  readonly limits: { readonly minHealthy: number; readonly maxSharePercent: number };
  readonly gate: BreakerGate;
  readonly pending: PendingOutcomes;
  readonly now: () => number;
  /** A breaker changed its state here; `text` says what was done about it. */
  readonly onChange: (target: Target, kind: BreakerKind, breaker: Breaker, text: string) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** What was seen of a target. */
export type Seen = Pick<BreakerOutcome, 'failures' | 'successes' | 'detail'>;

interface Watched {
  readonly target: Target;
  readonly kind: BreakerKind;
  readonly settings: BreakerSettings;
  breaker: Breaker;
  /** When it last changed here. */
  changedAtMs: number;
}

/** How long a change here is believed against an older state there: a signal is taken within it. */
const AHEAD_FOR_MS = 5_000;
/** A read of the servers that is older than this is made again before a replica is taken out. */
const SEEN_WITHIN_MS = 3_000;
/** A decision older than this is the workflow's to carry out: the world may have moved on. */
const DECIDED_WITHIN_MS = 2_000;

/**
 * The fast path: counts what is seen of each target, by the rules and the state of its breaker, and
 * when one opens drains the replica at once; the breaker's workflow is told, owns it from then on, and
 * puts right what was done on old facts. Here nothing is ever given back.
 */
export class BreakerWatch {
  #isSynced = false;
  readonly #watched = new Map<string, Watched>();
  #stopped: string | undefined;
  /** The servers of each service as last read, and what was drained since. */
  readonly #seen = new Map<string, { servers: readonly LoadBalancerServer[]; atMs: number }>();
  /** One drain after another: each must see what the one before left. */
  #acting: Promise<void> = Promise.resolve();

  constructor(private readonly options: BreakerWatchOptions) {}

  /** Takes up the states of the workflows, and whether anything may act. */
  async sync(): Promise<void> {
    const { gate } = this.options;
    const [views, stopped] = await Promise.all([gate.states(), gate.stopped()]);
    this.#stopped = stopped;
    for (const { service, replica, breakers } of views) {
      for (const [kind, breaker] of Object.entries(breakers) as [BreakerKind, Breaker][]) {
        this.#adopt(this.#find({ service, replica }, kind), breaker);
      }
    }
    this.#isSynced = true;
  }

  /** Whether the workflows' states were ever read. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  #adopt(watched: Watched, remote: Breaker): void {
    const { epoch, status } = watched.breaker;
    // The same state of the same epoch: what is counted here is the newer.
    if (remote.epoch === epoch && remote.status === status) return;
    const isBehind = remote.epoch < epoch;
    if (isBehind && this.options.now() - watched.changedAtMs < AHEAD_FOR_MS) return;
    watched.breaker = remote;
    watched.changedAtMs = this.options.now();
  }

  /** Reads the balancers' servers, so that an opening need not wait for it. */
  async look(): Promise<void> {
    await Promise.all(
      this.options.services.map(async ({ name, loadBalancer }) => {
        if (loadBalancer === undefined) return;
        const servers = await loadBalancer.port.servers(loadBalancer.backend);
        this.#seen.set(name, { servers, atMs: this.options.now() });
      }),
    );
  }

  async #serversOf(
    service: string,
    { port, backend }: NonNullable<WatchedService['loadBalancer']>,
  ): Promise<readonly LoadBalancerServer[]> {
    const seen = this.#seen.get(service);
    const nowMs = this.options.now();
    if (seen !== undefined && nowMs - seen.atMs < SEEN_WITHIN_MS) return seen.servers;
    return port.servers(backend);
  }

  /** Lets time pass for all of them. */
  tick(): void {
    for (const watched of this.#watched.values()) this.#step(watched, { type: 'tick' });
  }

  /** Takes what was seen. Resolves when all that follows from it is done, or has failed and was told. */
  async observe(target: Target, kind: BreakerKind, seen: Seen): Promise<void> {
    const watched = this.#find(target, kind);
    this.#step(watched, { type: 'tick' });
    const before = watched.breaker;
    if (!this.#step(watched, { type: 'outcome', ...seen }) && before.status !== 'half-open') return;
    const { now, pending } = this.options;
    const outcome: BreakerOutcome = {
      ...{ kind, ...seen, atMs: now(), epoch: before.epoch, settings: watched.settings },
      // As many as the breaker here has counted, of which the workflow knows nothing yet.
      failures: before.status === 'closed' ? watched.settings.failureThreshold : seen.failures,
    };
    if (watched.breaker.status === 'open') await this.#open(watched, outcome);
    else if (seen.failures + seen.successes > 0) await pending.tell(target, outcome);
    else return;
    // A closing is the workflow's to carry out; the drain of an opening has been said already.
    if (watched.breaker.epoch !== before.epoch && watched.breaker.status !== 'open') {
      this.options.onChange(target, kind, watched.breaker, watched.breaker.reason);
    }
  }

  /** Whether that breaker is closed, as far as is known here. */
  isClosed(target: Target, kind: BreakerKind): boolean {
    return this.#find(target, kind).breaker.status === 'closed';
  }

  /** All that are watched, as they are known here. */
  states(): readonly Readonly<Pick<Watched, 'target' | 'kind' | 'breaker' | 'settings'>>[] {
    return [...this.#watched.values()];
  }

  /** Whether its state changed. */
  #step(watched: Watched, event: BreakerEvent): boolean {
    const { breaker, settings } = watched;
    const nowMs = this.options.now();
    watched.breaker = transition(breaker, event, settings, nowMs);
    if (watched.breaker.epoch === breaker.epoch) return false;
    watched.changedAtMs = nowMs;
    return true;
  }

  #open(watched: Watched, outcome: BreakerOutcome): Promise<void> {
    const turn = this.#acting.then(() => this.#drain(watched, outcome));
    this.#acting = turn.catch(() => undefined);
    return turn;
  }

  /** Owes first: the drain is on disk or with the workflow before it is made. */
  async #drain(watched: Watched, outcome: BreakerOutcome): Promise<void> {
    const { target, kind, breaker } = watched;
    const { onChange, onProblem, pending, now } = this.options;
    const decidedAtMs = outcome.atMs;
    try {
      const place = await this.#placeOf(watched);
      if ('why' in place) {
        onChange(target, kind, breaker, `${breaker.reason}; not drained: ${place.why}`);
        await pending.tell(target, outcome);
        return;
      }
      const hold: BreakerHold = { isDrained: true, weight: null };
      const told = pending.tell(target, { ...outcome, hold });
      await pending.owed(told);
      if (now() - decidedAtMs < DECIDED_WITHIN_MS) {
        this.#note(target.service, place.server);
        await place.port.setAdmin(place.backend, place.server, 'drain');
        const text = `${breaker.reason}; set server ${place.backend}/${place.server} state drain`;
        onChange(target, kind, breaker, text);
      }
      await told;
    } catch (error) {
      onProblem(`opening the breaker of ${target.replica ?? target.service}`, error);
    }
  }

  /** The next decision must count what this one takes out. */
  #note(service: string, server: string): void {
    const seen = this.#seen.get(service);
    if (seen === undefined) return;
    const servers = seen.servers.map((s) =>
      s.name === server ? { ...s, admin: 'drain' as const } : s,
    );
    this.#seen.set(service, { ...seen, servers });
  }

  /** Where to drain it, or why not. */
  async #placeOf({ target, kind, settings, breaker }: Watched) {
    const service = this.options.services.find(({ name }) => name === target.service);
    const balancer = service?.loadBalancer;
    if (balancer === undefined) return { why: 'no load balancer is configured' };
    if (target.replica === undefined) return { why: 'a service is closed by its workflow' };
    // A trial that an operator's opening led to is the operator's still.
    if (breaker.by === BY_RULE) {
      if (!settings.enforce) return { why: `${kind} is told, not enforced` };
      if (!this.options.mayAct) return { why: 'the autonomy of circuit_breaker_open is not auto' };
    }
    if (this.#stopped !== undefined) return { why: this.#stopped };
    const { port, backend } = balancer;
    const name = serverOf(service, target.replica);
    const servers = await this.#serversOf(target.service, balancer);
    const server = servers.find((s) => s.name === name);
    if (server === undefined) return { why: `backend "${backend}" has no server "${name}"` };
    if (server.admin !== 'ready') return { why: `it is in ${server.admin} already` };
    const asked = servers.map((s) => ({ ...s, isServing: s.isUp && s.admin === 'ready' }));
    const why = refusalToRelieve(asked, name, this.options.limits);
    return why === undefined ? { port, backend, server: name } : { why };
  }

  #find(target: Target, kind: BreakerKind): Watched {
    const key = `${kind}:${target.service}:${target.replica ?? ''}`;
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      const { service, replica } = target;
      watched = {
        ...{ target: { service, replica }, kind, settings: this.#settingsOf(target, kind) },
        ...{ breaker: NEW_BREAKER, changedAtMs: 0 },
      };
      this.#watched.set(key, watched);
    }
    return watched;
  }

  /** A service's breaker counts the failures of all its replicas: it needs as many times more. */
  #settingsOf(target: Target, kind: BreakerKind): BreakerSettings {
    const settings = this.options.settings[kind];
    if (target.replica !== undefined) return settings;
    const service = this.options.services.find(({ name }) => name === target.service);
    const times = Math.max(1, service?.replicas.length ?? 1);
    return { ...settings, failureThreshold: settings.failureThreshold * times };
  }
}

/** Name at the load balancer of a replica; its own where the configuration gives no other. */
function serverOf(service: WatchedService | undefined, replica: string): string {
  return service?.replicas.find(({ name }) => name === replica)?.server ?? replica;
}
