/** The world as interfaces. Adapters implement them, activities call them, nothing else does. */
import type { Notification } from './notification.js';

/** Names one series: an SLI or a raw metric of a replica, or of the service as a whole. */
export interface SeriesKey {
  readonly service: string;
  /** Undefined for a series of the service as a whole. */
  readonly replica: string | undefined;
  readonly metric: string;
}

/** One series in time order: equally long arrays, Unix milliseconds and values (finite). */
export interface SeriesPoints extends SeriesKey {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** What to read: `[fromMs, toMs]`, both inclusive; fields left undefined match everything. */
export interface HistoryQuery {
  readonly service: string;
  readonly replica?: string | undefined;
  readonly metrics?: readonly string[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Recorded samples: the detector's own columns, or Prometheus. */
export interface MetricHistory {
  range(query: HistoryQuery): Promise<readonly SeriesPoints[]>;
}

/** What one server of a backend is at the load balancer. Weights are absolute, 0..256. */
export interface LoadBalancerServer {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** The weight it was configured with, to which percentages refer. */
  readonly initialWeight: number;
  /** What an operator or we asked of it. */
  readonly admin: 'ready' | 'drain' | 'maint';
  /** Whether its health checks pass. */
  readonly isUp: boolean;
  /** Requests it serves right now, or undefined where the balancer does not tell. */
  readonly activeRequests: number | undefined;
}

/** What became of the requests that a server got, counted since the balancer began (or reloaded). */
export interface ServerCounts {
  readonly name: string;
  /** Answers other than 5xx. */
  readonly succeeded: number;
  /** Answers 5xx, connections refused, and answers that were cut or did not come in time. */
  readonly failed: number;
}

/** A load balancer's backend, changed at run time. Every setter is absolute and idempotent. */
export interface LoadBalancer {
  servers(backend: string): Promise<readonly LoadBalancerServer[]>;
  /** Cheap enough to be read several times a second. */
  counts(backend: string): Promise<readonly ServerCounts[]>;
  setWeight(backend: string, server: string, weight: number): Promise<void>;
  setAdmin(backend: string, server: string, admin: LoadBalancerServer['admin']): Promise<void>;
  /** Adds a server in service, checked; one of that name and address that is there already is left. */
  addServer(
    backend: string,
    server: { name: string; address: string; weight: number },
  ): Promise<void>;
  /** Takes a server out and removes it; one that is not there is a success. */
  removeServer(backend: string, server: string): Promise<void>;
  /** Entries of a map (`routing`, `circuit`), empty when there are none. */
  mapEntries(map: string): Promise<ReadonlyMap<string, string>>;
  /** Sets an entry, or removes it when `value` is undefined. */
  setMapEntry(map: string, key: string, value: string | undefined): Promise<void>;
}

/** What an engine says of its health: `/health`, and a completion of one token, which a hung core fails. */
export interface EngineHealth {
  readonly isServing: boolean;
  readonly completes: boolean;
  readonly latencyMs: number;
  /** Why it is not well, or what was odd; empty when all is well. */
  readonly detail: string;
}

/** Administration of one engine over its HTTP interface. */
export interface EngineAdmin {
  /** What of this interface the engine offers now (some endpoints exist in development mode only). */
  capabilities(replica: string): Promise<ReadonlySet<EngineCapability>>;
  health(replica: string): Promise<EngineHealth>;
  resetPrefixCache(replica: string): Promise<void>;
  setSleeping(replica: string, isSleeping: boolean): Promise<void>;
  setPaused(replica: string, isPaused: boolean): Promise<void>;
  setLora(
    replica: string,
    adapter: { name: string; path: string },
    isLoaded: boolean,
  ): Promise<void>;
  /** State worth keeping before a restart: version, server info, load, metrics text. */
  forensics(replica: string): Promise<Readonly<Record<string, string>>>;
}
export type EngineCapability = 'reset-prefix-cache' | 'sleep' | 'pause' | 'lora' | 'completion';

/** One process (pod) of a service, as its supervisor knows it. */
export interface ReplicaProcess {
  readonly name: string;
  readonly address: string;
  readonly state: 'starting' | 'running' | 'stopped' | 'crashed';
  readonly release: string;
  /** Grows with every start: a restart asked for at generation g is done when it is above g. */
  readonly generation: number;
}

/**
 * Starts, restarts and scales a service's replicas.
 *
 * `operationId` names one intended effect: asked twice, it happens once. Each call is conditional on
 * the state that the caller saw, so that a late attempt changes nothing (`rejected`, with what it is now).
 */
export interface ReplicaControl {
  replicas(service: string): Promise<readonly ReplicaProcess[]>;
  restart(
    service: string,
    replica: string,
    ask: { operationId: string; ifGeneration: number },
  ): Promise<void>;
  scale(service: string, ask: ScaleAsk): Promise<void>;
  logs(service: string, replica: string, tail: number): Promise<string>;
}

/** Brings a service to an absolute number of replicas. */
export interface ScaleAsk {
  readonly operationId: string;
  readonly replicas: number;
  /** Only when that many are wanted now; one that is so already is a success all the same. */
  readonly ifReplicas?: number | undefined;
}

/** Releases of a service: which runs, which could. */
export interface Deployment {
  releases(
    service: string,
  ): Promise<{ readonly active: string; readonly known: readonly ReleaseInfo[] }>;
  activate(
    service: string,
    ask: { operationId: string; release: string; ifRelease: string },
  ): Promise<void>;
  /** What changed since: releases, scaling, restarts; evidence for a root cause. */
  changes(service: string, sinceMs: number): Promise<readonly ChangeEvent[]>;
}
export interface ReleaseInfo {
  readonly id: string;
  /** When it was first activated, or undefined if never. */
  readonly activatedAtMs: number | undefined;
}

/** A change somebody made: a deploy, a scaling, a restart, a config reload. */
export interface ChangeEvent {
  readonly atMs: number;
  readonly service: string;
  readonly replica: string | undefined;
  readonly kind: 'release' | 'scale' | 'restart' | 'config' | 'other';
  readonly summary: string;
}

/** What a notifier is told of the try that it is to make. */
export interface DeliveryAttempt {
  /** An earlier try of the same notification may have arrived: its answer never did. */
  readonly mayHaveArrived: boolean;
  /** What the other side calls the first message of this conversation, where that is known. */
  readonly threadRef: string | undefined;
}

/**
 * Tells people, or programs that tell people. One call is one try: retries are its caller's.
 *
 * A repeated notification carries the same `id`, from which the kinds make what their protocol has
 * against sending twice.
 */
export interface Notifier {
  readonly kind: string;
  /**
   * Resolves when the other side has taken it; `ref` is what it calls it.
   *
   * @throws AdapterError, with `retryAfterMs` where the other side said when to come again.
   */
  deliver(
    notification: Notification,
    attempt: DeliveryAttempt,
  ): Promise<{ readonly ref: string | undefined }>;
  /** Frees connections; deliveries in flight fail. */
  close(): Promise<void>;
}

/** Why an adapter could not do what it was asked. `rejected`, `unauthorized` and `not-found` won't mend by retrying. */
export type AdapterErrorReason =
  'unreachable' | 'timeout' | 'rejected' | 'rate-limited' | 'unauthorized' | 'not-found';

/** The one error that adapters throw. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';
  /** When the other side wants to be asked again, in milliseconds from now, where it said so. */
  readonly retryAfterMs: number | undefined;
  constructor(
    readonly reason: AdapterErrorReason,
    message: string,
    options?: { cause?: unknown; retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Retrying cannot mend these. */
const FINAL: readonly AdapterErrorReason[] = ['rejected', 'unauthorized', 'not-found'];

/** Whether an adapter said no, so that asking again is of no use. */
export function isFinal(error: unknown): error is AdapterError {
  return error instanceof AdapterError && FINAL.includes(error.reason);
}
