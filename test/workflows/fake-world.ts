import type { BreakerView } from '../../src/workflows/breaker-messages.js';
import type {
  Archive,
  AuditRecord,
  IncidentRecord,
  TimelineEntry,
} from '../../src/domain/archive.js';
import type { Alerting } from '../../src/activities/contract.js';
import type { Breakers, Coordination, World } from '../../src/activities/world.js';
import type { AlertRecord } from '../../src/domain/monitor/alert-record.js';
import {
  AdapterError,
  type EngineAdmin,
  type LoadBalancer,
  type LoadBalancerServer,
  type MetricHistory,
  type ReplicaControl,
} from '../../src/domain/ports.js';
import { DEFAULT_BREAKERS } from '../../src/domain/recovery/breaker-kinds.js';
import { DEFAULT_AUTONOMY } from '../../src/domain/recovery/action.js';
import { DEFAULT_PROCEDURES } from '../../src/domain/recovery/procedures/index.js';
import type { RecoveryPolicy } from '../../src/domain/recovery/policy.js';
import { DEFAULT_THRESHOLDS } from '../../src/domain/sla/threshold.js';
import { QUIET } from '../support/alerting.js';
import type { Violation } from '../../src/domain/sla/violation.js';

/** Fast enough for tests on a real server; every rule is kept. */
const FAST: RecoveryPolicy = {
  maxConcurrent: 3,
  maxPerHour: 100,
  cooldownMs: 0,
  stormAbove: 20,
  autonomy: DEFAULT_AUTONOMY,
  approvalTimeoutMs: 20_000,
  onApprovalTimeout: 'skip',
  asksBeforeRollback: false,
  minHealthyReplicas: 1,
  maxSharePercent: 50,
  minSamples: 5,
  compliantPercent: 80,
  holdMs: 200,
  verifyTimeoutMs: 800,
  worsePercent: 20,
  releaseAfterWindows: 0.1,
  sliWindowMs: 10,
};

/** All closed, and none that takes an order. */
const NO_BREAKERS: Breakers = {
  settings: DEFAULT_BREAKERS,
  states: () => Promise.resolve([]),
  order: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
};

/**
 * A fleet of three servers in memory: the p95 of each follows from what the load balancer does, by
 * `latencyOf`; history is that function, sampled each 20 ms. Every effect is logged.
 */
export class FakeFleet {
  readonly effects: string[] = [];
  readonly records: IncidentRecord[] = [];
  readonly lines: TimelineEntry[] = [];
  readonly audit: AuditRecord[] = [];
  /** Replicas whose breaker is open, with on whose behalf. */
  readonly opened = new Map<string, string>();
  readonly alerts: AlertRecord[] = [];
  readonly servers = new Map<string, LoadBalancerServer>();
  private readonly restarts = new Map<string, number>();
  private readonly changes: { atMs: number; latency: Map<string, number> }[] = [];
  /** Whom alerts reach, and how often. */
  alerting: Alerting = QUIET;
  /** Called before each effect; may throw. */
  beforeEffect: (effect: string) => Promise<void> = () => Promise.resolve();
  /** Called after each effect; may throw: the effect has happened. */
  afterEffect: (effect: string) => Promise<void> = () => Promise.resolve();
  latencyOf: (server: LoadBalancerServer) => number = () => 100;
  /** The only metrics that there is a history of; `latencyOf` gives each. */
  metrics: readonly string[] = ['request_latency_p95'];
  /** Called before each look at the servers, as a preparation does. */
  beforeLook: () => Promise<void> = () => Promise.resolve();
  /** Called at each look at the samples, as a verdict takes. */
  onRead: () => Promise<void> = () => Promise.resolve();

  constructor(names: readonly string[] = ['engine-1', 'engine-2', 'engine-3']) {
    for (const name of names) {
      this.servers.set(name, {
        name,
        address: '127.0.0.1:1',
        weight: 100,
        initialWeight: 100,
        admin: 'ready',
        isUp: true,
        activeRequests: 0,
      });
    }
    this.note();
  }

  /** Takes the latencies of now as what holds from now on. */
  note(): void {
    const latency = new Map([...this.servers.values()].map((s) => [s.name, this.latencyOf(s)]));
    this.changes.push({ atMs: Date.now(), latency });
  }

  /** Takes the latencies of now as what has held ever since. */
  noteForEver(): void {
    this.changes.length = 0;
    this.note();
  }

  private async set(name: string, effect: string, change: Partial<LoadBalancerServer>) {
    const server = this.servers.get(name);
    if (server === undefined) throw new AdapterError('not-found', `no server ${name}`);
    await this.beforeEffect(effect);
    this.servers.set(name, { ...server, ...change });
    this.effects.push(effect);
    this.note();
    await this.afterEffect(effect);
  }

  readonly loadBalancer: LoadBalancer = {
    servers: async () => {
      await this.beforeLook();
      return [...this.servers.values()];
    },
    counts: () => Promise.resolve([]),
    setWeight: (_, name, weight) => this.set(name, `${name} weight ${weight}`, { weight }),
    setAdmin: (_, name, admin) => this.set(name, `${name} ${admin}`, { admin }),
    addServer: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
    removeServer: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
    mapEntries: () => Promise.resolve(new Map()),
    setMapEntry: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
  };

  /** Breakers that drain what they keep requests from, at once. */
  readonly breakers: Pick<Breakers, 'states' | 'order'> = {
    states: () =>
      Promise.resolve(
        [...this.opened].map(([replica, by]) => {
          const since = { sinceMs: 0, openedAtMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
          const open = { status: 'open', epoch: 1, reason: 'ordered', by, ...since };
          const breakers = { aphrodite_engine: open };
          // Of the other kinds nothing is asked here.
          return { service: 'chat', replica, breakers, note: '' } as unknown as BreakerView;
        }),
      ),
    order: async ({ replica = '' }, order, { by = '' }) => {
      const isOpening = order === 'open';
      if (isOpening) this.opened.set(replica, by);
      else this.opened.delete(replica);
      const admin = isOpening ? 'drain' : 'ready';
      await this.set(replica, `${replica} breaker ${order}: ${admin}`, { admin });
      return `${order} by ${by}`;
    },
  };

  readonly history: MetricHistory = {
    range: async ({ service, metrics, fromMs, toMs }) => {
      await this.onRead();
      const metric = metrics?.find((one) => this.metrics.includes(one));
      if (metric === undefined) return [];
      const timesMs: number[] = [];
      for (let t = Math.ceil(fromMs / 20) * 20; t <= Math.min(toMs, Date.now()); t += 20)
        timesMs.push(t);
      const at = (t: number) => this.changes.findLast((c) => c.atMs <= t) ?? this.changes[0];
      const of = (name: string) => timesMs.map((t) => at(t)?.latency.get(name) ?? 100);
      const names = [...this.servers.values()]
        .filter((s) => s.admin === 'ready')
        .map((s) => s.name);
      return [
        ...names.map((replica) => ({ service, replica, metric, timesMs, values: of(replica) })),
        {
          ...{ service, replica: undefined, metric, timesMs },
          values: timesMs.map((t) => Math.max(...names.map((n) => at(t)?.latency.get(n) ?? 100))),
        },
      ];
    },
  };

  readonly engine: EngineAdmin = {
    capabilities: () => Promise.resolve(new Set()),
    health: () => Promise.resolve({ isServing: true, completes: true, latencyMs: 1, detail: '' }),
    resetPrefixCache: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
    setSleeping: () => Promise.resolve(),
    setPaused: () => Promise.resolve(),
    setLora: () => Promise.resolve(),
    forensics: () => Promise.resolve({}),
  };

  /** What starts and restarts replicas; none where not set. */
  control: ReplicaControl | undefined = undefined;

  /** Lets its replicas be restarted; each restart is a generation more, and counted. */
  letRestart(onRestart: () => void): void {
    this.control = {
      replicas: () =>
        Promise.resolve(
          [...this.servers.keys()].map((name) => ({
            ...{ name, address: '127.0.0.1:1', state: 'running' as const, release: 'r1' },
            generation: 1 + this.restartsOf(name),
          })),
        ),
      restart: (_, replica) => {
        this.restarts.set(replica, 1 + this.restartsOf(replica));
        onRestart();
        return Promise.resolve();
      },
      scale: () => Promise.reject(new AdapterError('rejected', 'not in this test')),
      logs: () => Promise.resolve('a log'),
    };
  }

  /** How often a replica was restarted. */
  restartsOf(replica: string): number {
    return this.restarts.get(replica) ?? 0;
  }

  /** A world around this fleet. */
  world(
    coordination: Coordination,
    policy: Partial<RecoveryPolicy> = {},
    breakers: Partial<Breakers> = {},
  ): World {
    const { records, lines, audit, alerts } = this;
    // Only what the workflows write is kept; a test reads it from here.
    const archive = {
      putIncident: (record: IncidentRecord) => Promise.resolve(void records.push(record)),
      putTimeline: (entries: readonly TimelineEntry[]) =>
        Promise.resolve(void lines.push(...entries)),
      putAudit: (line: AuditRecord) => Promise.resolve(void audit.push(line)),
      incident: () => Promise.resolve(undefined),
      putForensics: () => Promise.resolve(),
      putAlert: (record: AlertRecord) => Promise.resolve(void alerts.push(record)),
    } as unknown as Archive;
    return {
      services: new Map([
        [
          'chat',
          {
            name: 'chat',
            replicas: [...this.servers.keys()].map((name) => ({ name, server: name })),
            loadBalancer: { port: this.loadBalancer, backend: 'engines' },
            engine: this.engine,
            control: this.control,
            deployment: undefined,
            dependsOn: [],
          },
        ],
      ]),
      thresholds: () => DEFAULT_THRESHOLDS,
      procedures: DEFAULT_PROCEDURES,
      policy: { ...FAST, ...policy },
      history: this.history,
      archive,
      coordination,
      breakers: { ...NO_BREAKERS, ...breakers },
      alerting: this.alerting,
    };
  }
}

/** The violation of these tests: engine-2's p95, critical. */
export function slowReplica(overrides: Partial<Violation> = {}): Violation {
  return {
    fingerprint: 'chat:engine-2:request_latency_p95',
    service: 'chat',
    replica: 'engine-2',
    threshold: 'request_latency_p95',
    metric: 'request_latency_p95',
    violationType: 'latency_breach',
    severity: 'critical',
    value: 600,
    limit: 250,
    unit: 'ms',
    direction: 'upper',
    windowMs: 2_000,
    startedAtMs: Date.now() - 2_000,
    detectedAtMs: Date.now(),
    ...overrides,
  };
}
