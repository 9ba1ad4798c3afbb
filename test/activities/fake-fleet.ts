import { setTimeout as sleep } from 'node:timers/promises';
import type { ForensicsRecord, IncidentRecord } from '../../src/domain/archive.js';
import {
  AdapterError,
  type ChangeEvent,
  type Deployment,
  type EngineAdmin,
  type EngineCapability,
  type LoadBalancer,
  type LoadBalancerServer,
  type MetricHistory,
  type ReplicaControl,
  type ReplicaProcess,
} from '../../src/domain/ports.js';
import {
  NEW_BREAKER,
  refusalOfOrder,
  transition,
  type Breaker,
} from '../../src/domain/recovery/breaker.js';
import { NO_HOLD, type BreakerHold } from '../../src/domain/recovery/breaker-enforcement.js';
import { BREAKER_KINDS, DEFAULT_BREAKERS } from '../../src/domain/recovery/breaker-kinds.js';
import type { Breakers } from '../../src/activities/world.js';
import type { BreakerView } from '../../src/workflows/breaker-messages.js';

const KIND = 'aphrodite_engine';

interface Process extends ReplicaProcess {
  /** What keeps its engine from completing. */
  idle: 'no' | 'paused' | 'asleep' | 'hung';
  hasWarmCache: boolean;
}

const never = new Promise<never>(() => undefined);

/**
 * A fleet in memory: a load balancer, engines, a supervisor with two releases, an archive. What
 * changes it is an effect, logged once it took effect; asking for what is so already is none.
 * Operations by id behave as the fleet's supervisor: done once, refused when the state is another.
 */
export class FakeFleet {
  readonly effects: string[] = [];
  readonly servers = new Map<string, LoadBalancerServer>();
  readonly processes = new Map<string, Process>();
  /** Undefined: the balancer has no such map. */
  circuits: Map<string, string> | undefined = new Map();
  /** Breakers that were ever used; those of this fleet drain at once and never end by time. */
  readonly breakers = new Map<string, Breaker>();
  private readonly holds = new Map<string, BreakerHold>();
  release = 'r1';
  readonly activatedAtMs = new Map<string, number>();
  readonly changeLog: ChangeEvent[] = [];
  readonly archived: ForensicsRecord[] = [];
  capabilities: EngineCapability[] = ['reset-prefix-cache', 'sleep', 'pause', 'completion'];
  /** Level of a metric at an instant. */
  levelOf: (metric: string, replica: string, atMs: number) => number | undefined = () => undefined;
  /** Called before an effect takes place; may throw, or never return. */
  beforeEffect: (effect: string, index: number) => void | Promise<void> = () => undefined;
  /** Called when it has taken place; may throw, or never return. */
  afterEffect: (effect: string, index: number) => void | Promise<void> = () => undefined;
  private readonly done = new Set<string>();

  constructor(replicas = 4) {
    for (let number = 1; number <= replicas; number++) this.start(`engine-${number}`, true);
  }

  private start(name: string, isServed: boolean): void {
    const address = `127.0.0.1:${18_100 + Number(name.slice(7))}`;
    this.processes.set(name, {
      ...{ name, address, state: 'running', release: this.release, generation: 1 },
      ...{ idle: 'no', hasWarmCache: true },
    });
    if (isServed) this.servers.set(name, newServer(name, address, 100));
  }

  /** Everything that actions may change, as text: equal states are equal. Generations are left out. */
  state(): string {
    const servers = [...this.servers.values()].sort((a, b) => a.name.localeCompare(b.name));
    const processes = [...this.processes.values()].map(({ name, state, release, idle }) => ({
      ...{ name, state, release, idle },
    }));
    const circuits = [...(this.circuits ?? [])].sort();
    const breakers = [...this.breakers]
      .filter(([, { status }]) => status !== 'closed')
      .map(([name, { status, by }]) => [name, status, by]);
    const { release } = this;
    return JSON.stringify({ servers, processes, circuits, breakers, release }, null, 1);
  }

  generation(name: string): number {
    return this.processes.get(name)?.generation ?? Number.NaN;
  }

  /** Changes a server as an operator would: no effect of ours. */
  order(name: string, change: Partial<LoadBalancerServer>): void {
    this.servers.set(name, { ...this.server(name), ...change });
  }

  /** Makes a process what it would be by somebody else's doing. */
  setState(name: string, state: ReplicaProcess['state']): void {
    this.processes.set(name, { ...this.process(name), state });
  }

  setIdle(name: string, idle: Process['idle']): void {
    this.process(name).idle = idle;
  }

  /** A breaker's trial: a share of the weight, or its end, which restores what it found. */
  tryWithWeight(name: string, weight: number | undefined): void {
    const before = this.holds.get(name)?.weight?.before ?? this.server(name).weight;
    const set = weight ?? before;
    this.order(name, { weight: set });
    this.breakers.set(name, this.breakers.get(name) ?? NEW_BREAKER);
    this.holds.set(
      name,
      weight === undefined ? NO_HOLD : { isDrained: false, weight: { before, set } },
    );
  }

  private server(name: string): LoadBalancerServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new AdapterError('not-found', `no server "${name}"`);
    return server;
  }

  private process(name: string): Process {
    const process = this.processes.get(name);
    if (process === undefined) throw new AdapterError('not-found', `no replica "${name}"`);
    return process;
  }

  private async effect(text: string, change: () => void): Promise<void> {
    const index = this.effects.length;
    await this.beforeEffect(text, index);
    change();
    this.effects.push(text);
    await this.afterEffect(text, index);
  }

  private async operation(
    id: string,
    refusal: string | undefined,
    text: string,
    change: () => void,
  ): Promise<void> {
    if (this.done.has(id)) return;
    if (refusal !== undefined) throw new AdapterError('rejected', refusal);
    await this.effect(text, () => {
      this.done.add(id);
      change();
    });
  }

  readonly loadBalancer: LoadBalancer = {
    servers: () => Promise.resolve([...this.servers.values()]),
    counts: () => Promise.resolve([]),
    setWeight: async (_, name, weight) => {
      if (this.server(name).weight === weight) return;
      await this.effect(`weight ${name} ${weight}`, () => this.order(name, { weight }));
    },
    setAdmin: async (_, name, admin) => {
      const { admin: before, isUp } = this.server(name);
      if (before === admin) return;
      // As HAProxy: maintenance is down at once, and ready after it up at once.
      const after = admin === 'maint' ? false : before === 'maint' ? true : isUp;
      await this.effect(`admin ${name} ${admin}`, () => this.order(name, { admin, isUp: after }));
    },
    addServer: async (_, { name, address, weight }) => {
      if (this.servers.has(name)) return;
      await this.effect(`add ${name} ${address}`, () => {
        this.servers.set(name, newServer(name, address, weight));
      });
    },
    removeServer: async (_, name) => {
      if (!this.servers.has(name)) return;
      await this.effect(`remove ${name}`, () => void this.servers.delete(name));
    },
    mapEntries: (map) =>
      this.circuits === undefined || map !== 'circuit'
        ? Promise.reject(new AdapterError('not-found', `map "${map}" is not configured`))
        : Promise.resolve(new Map(this.circuits)),
    setMapEntry: async (_, key, value) => {
      if (this.circuits?.get(key) === value) return;
      await this.effect(`circuit ${key} ${value ?? 'closed'}`, () => {
        if (value === undefined) this.circuits?.delete(key);
        else this.circuits?.set(key, value);
      });
    },
  };

  readonly breakerPort: Breakers = {
    settings: DEFAULT_BREAKERS,
    states: () =>
      Promise.resolve(
        [...this.breakers].map(([replica, breaker]): BreakerView => {
          const others = Object.fromEntries(BREAKER_KINDS.map((kind) => [kind, NEW_BREAKER]));
          const breakers = { ...others, [KIND]: breaker } as BreakerView['breakers'];
          const hold = this.holds.get(replica) ?? NO_HOLD;
          return { service: 'chat', replica, breakers, hold, note: '' };
        }),
      ),
    order: async ({ replica = '' }, order, { by = '', reason = '' }) => {
      const before = this.breakers.get(replica) ?? NEW_BREAKER;
      const refusal = refusalOfOrder(before, order);
      if (refusal !== undefined) throw new AdapterError('rejected', refusal);
      const event = { type: 'order', order, by, reason } as const;
      const after = transition(before, event, DEFAULT_BREAKERS[KIND], 1_000);
      await this.effect(`breaker ${replica} ${after.status}`, () => {
        this.breakers.set(replica, after);
        this.order(replica, { admin: after.status === 'closed' ? 'ready' : 'drain' });
      });
      return `${KIND} is ${after.status}`;
    },
  };

  readonly engine: EngineAdmin = {
    capabilities: () => Promise.resolve(new Set(this.capabilities)),
    health: async (name) => {
      const { idle, state } = this.process(name);
      if (idle === 'hung') return never;
      const isServing = state === 'running';
      const completes = isServing && idle === 'no';
      return { isServing, completes, latencyMs: 1, detail: completes ? '' : idle };
    },
    resetPrefixCache: async (name) => {
      if (!this.process(name).hasWarmCache) return;
      await this.effect(`reset-cache ${name}`, () => {
        this.process(name).hasWarmCache = false;
      });
    },
    setSleeping: async (name, isSleeping) => {
      if (isSleeping || this.process(name).idle !== 'asleep') return;
      await this.effect(`wake ${name}`, () => void (this.process(name).idle = 'no'));
    },
    setPaused: async (name, isPaused) => {
      if (isPaused || this.process(name).idle !== 'paused') return;
      await this.effect(`resume ${name}`, () => void (this.process(name).idle = 'no'));
    },
    setLora: () => Promise.reject(new AdapterError('rejected', 'no action loads adapters')),
    forensics: (name) => Promise.resolve({ metrics: `metrics of ${name}` }),
  };

  readonly control: ReplicaControl = {
    replicas: () => Promise.resolve([...this.processes.values()]),
    restart: async (_, name, { operationId, ifGeneration }) => {
      const { generation } = this.process(name);
      const refusal = generation === ifGeneration ? undefined : `generation is ${generation}`;
      await this.operation(operationId, refusal, `restart ${name}`, () => {
        const process = this.process(name);
        const after = { generation: generation + 1, state: 'starting' as const };
        this.processes.set(name, { ...process, ...after, idle: 'no', hasWarmCache: false });
        this.soon(name);
      });
    },
    scale: async (_, { operationId, replicas, ifReplicas }) => {
      const now = this.processes.size;
      const isOther = ifReplicas !== undefined && ifReplicas !== now && replicas !== now;
      const refusal = isOther ? `the fleet has ${now} replicas` : undefined;
      if (replicas === now) return;
      await this.operation(operationId, refusal, `scale ${replicas}`, () => {
        for (let number = now + 1; number <= replicas; number++) {
          this.start(`engine-${number}`, false);
          this.processes.set(`engine-${number}`, {
            ...this.process(`engine-${number}`),
            state: 'starting',
          });
          this.soon(`engine-${number}`);
        }
        for (let number = replicas + 1; number <= now; number++) {
          this.processes.delete(`engine-${number}`);
        }
      });
    },
    logs: (_, name) => Promise.resolve(`log of ${name}`),
  };

  /** A started engine runs a moment later. */
  private soon(name: string): void {
    void sleep(20).then(() => {
      const process = this.processes.get(name);
      if (process !== undefined) this.processes.set(name, { ...process, state: 'running' });
    });
  }

  readonly deployment: Deployment = {
    releases: () =>
      Promise.resolve({
        active: this.release,
        known: ['r1', 'r2'].map((id) => ({ id, activatedAtMs: this.activatedAtMs.get(id) })),
      }),
    activate: async (_, { operationId, release, ifRelease }) => {
      const refusal = this.release === ifRelease ? undefined : `"${this.release}" is active`;
      await this.operation(operationId, refusal, `activate ${release}`, () => this.deploy(release));
    },
    changes: (_, sinceMs) => Promise.resolve(this.changeLog.filter((c) => c.atMs >= sinceMs)),
  };

  /** Puts all engines on a release, as a person would: no effect of ours. */
  deploy(release: string): void {
    const atMs = 1_000 + this.changeLog.length;
    const summary = `release of fleet: {"release":"${this.release}"} to {"release":"${release}"}`;
    this.changeLog.push({ atMs, service: 'chat', replica: undefined, kind: 'release', summary });
    this.release = release;
    this.activatedAtMs.set(release, atMs);
    for (const [name, process] of this.processes) {
      this.processes.set(name, { ...process, release, generation: process.generation + 1 });
    }
  }

  readonly archive = {
    incident: (id: string) => Promise.resolve({ id, runId: 'run-1' } as IncidentRecord),
    putForensics: (_id: string, _run: string, name: string, text: string) => {
      if (!this.archived.some((one) => one.name === name)) this.archived.push({ name, text });
      return Promise.resolve();
    },
  };

  readonly history: MetricHistory = {
    range: ({ service, metrics, fromMs, toMs }) => {
      const timesMs = [0.2, 0.5, 0.8].map((share) => fromMs + share * (toMs - fromMs));
      return Promise.resolve(
        (metrics ?? []).flatMap((metric) =>
          [...this.processes.keys()].flatMap((replica) => {
            const values = timesMs.flatMap((t) => this.levelOf(metric, replica, t) ?? []);
            return values.length === 0 ? [] : [{ service, replica, metric, timesMs, values }];
          }),
        ),
      );
    },
  };
}

function newServer(name: string, address: string, weight: number): LoadBalancerServer {
  return {
    ...{ name, address, weight, initialWeight: weight },
    ...{ admin: 'ready', isUp: true, activeRequests: 0 },
  };
}
