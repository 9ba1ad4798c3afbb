import path from 'node:path';
import type { ActuatorPorts } from '../adapters/actuators/actuator.js';
import type { Config } from '../config/schema.js';
import { BreakerFeed } from '../detector/breakers/feed.js';
import { HealthChecks, type ReplicaHealth } from '../detector/breakers/health-checks.js';
import { FailedTrials } from '../detector/breakers/failed-trials.js';
import { PendingOutcomes } from '../detector/breakers/pending.js';
import { BreakerWatch } from '../detector/breakers/watch.js';
import type { Detector } from '../detector/detector.js';
import { nextMode, type Mode } from '../domain/monitor/mode.js';
import type { Breaker } from '../domain/recovery/breaker.js';
import type { BreakerKind } from '../domain/recovery/breaker-kinds.js';
import type { SliSample } from '../domain/sla/samples.js';
import { limitOf } from '../domain/sla/threshold.js';
import type { Target } from '../workflows/messages.js';
import { createBreakers } from './breakers.js';
import { createCoordination } from './coordination.js';
import type { MonitorWatch } from './monitor-watch.js';
import { WHOLE_SHARE, type Share } from './neighbours.js';
import type { Role } from './role.js';
import type { LaterClient } from './temporal-later.js';

/** How often the workflows' states are read, and what could not be told is told again. */
const SYNC_EVERY_MS = 1_000;

/** A failure that lasts is told again after this. */
const TELL_EVERY_MS = 60_000;

/** SLIs that breakers watch beside the requests; beyond their threshold's limit is a failure. */
const KIND_OF_METRIC: Readonly<Record<string, BreakerKind>> = {
  kv_cache_usage_percent: 'kv_cache',
  echo_evolution_convergence: 'deep_tree_echo',
};

/** The breakers' fast path and the health checks, as the detector role runs them. */
export interface RunningWatch {
  start(detector: Detector): Promise<void>;
  /** To be given each sample. */
  onSample(sample: SliSample): void;
  states(): readonly {
    readonly target: Target;
    readonly kind: BreakerKind;
    readonly breaker: Breaker;
  }[];
  health(): readonly ReplicaHealth[];
  /** Replicas whose trials keep failing, as violations. */
  readonly failedTrials: FailedTrials;
  stop(): Promise<void>;
}

/** Puts them together. They run without Temporal too: what it is to be told waits on the disk. */
export function createWatch(
  { config, log }: Pick<Role, 'config' | 'log'>,
  parts: {
    readonly temporal: LaterClient;
    readonly monitor: Pick<MonitorWatch, 'fresh'>;
    readonly actuators: ReadonlyMap<string, ActuatorPorts>;
    readonly share?: Share;
  },
): RunningWatch {
  const { temporal, monitor, actuators, share = WHOLE_SHARE } = parts;
  const services = servicesOf(config, actuators);
  const breakers = createBreakers(() => temporal.get(), config);
  const mayAct = config.recovery.autonomy.circuit_breaker_open === 'auto';
  const toldAtMs = new Map<string, number>();
  const onProblem = (what: string, error: unknown) => {
    // These are asked several times a second: once a minute is enough to be told.
    if (Date.now() - (toldAtMs.get(what) ?? 0) < TELL_EVERY_MS) return;
    toldAtMs.set(what, Date.now());
    log.warn({ err: error }, `${what} failed; it is tried again`);
  };
  const pending = new PendingOutcomes(path.join(config.dataDir, 'breakers.json'), (target, seen) =>
    breakers.tell(target, seen),
  );
  const watch = new BreakerWatch({
    services,
    settings: config.breakers.kinds,
    mayAct,
    limits: {
      minHealthy: config.recovery.blastRadius.minHealthyReplicas,
      maxSharePercent: config.recovery.blastRadius.maxSharePercent,
    },
    gate: {
      states: async () => {
        const all = await breakers.states();
        return all.filter(({ service }) => share.isOwn(service));
      },
      stopped: async () => {
        const restraint = await createCoordination(temporal.get()).restraint();
        return restraint?.why;
      },
    },
    pending,
    now: Date.now,
    onChange: ({ service, replica }, kind, { status, by }, text) =>
      log.warn({ service, replica, kind, status, by }, `breaker ${status}: ${text}`),
    onProblem,
  });
  // Of several detectors one counts: else each failure would be told twice.
  const counted: Pick<BreakerWatch, 'observe' | 'isClosed'> = {
    observe: async (target, kind, seen) => {
      if (share.leads(target.service)) await watch.observe(target, kind, seen);
    },
    isClosed: (target, kind) => watch.isClosed(target, kind),
  };
  const feed = new BreakerFeed(counted, services, onProblem);
  let detected: () => Mode = () => 'normal';
  let thresholds: Detector['thresholds'] | undefined;
  const checks = new HealthChecks({
    ...{ services, watch: counted, onProblem, now: Date.now },
    leads: (service) => share.leads(service),
    // While Temporal is away the violations of here call for the rhythm.
    intervalMs: () => config.health[RHYTHMS[monitor.fresh()?.mode ?? detected()]],
    timeoutMs: config.health.timeout,
  });
  const timers: NodeJS.Timeout[] = [];
  const repeat = (what: string, everyMs: number, run: () => Promise<void>) => {
    let isRunning = false;
    timers.push(
      setInterval(() => {
        if (isRunning) return;
        isRunning = true;
        run()
          .catch((error: unknown) => onProblem(what, error))
          .finally(() => {
            isRunning = false;
          });
      }, everyMs),
    );
  };
  return {
    async start(detector) {
      detected = () => modeOf(detector);
      ({ thresholds } = detector);
      await pending.restore().catch((error: unknown) => onProblem('breakers.json', error));
      await watch.sync().catch(() => undefined);
      repeat('reading the counters', config.breakers.interval, async () => {
        watch.tick();
        await feed.read();
      });
      repeat('comparing the breakers', SYNC_EVERY_MS, () => watch.sync());
      repeat('reading the servers', SYNC_EVERY_MS, () => watch.look());
      repeat('telling the breakers', SYNC_EVERY_MS, () => pending.retry());
      checks.start();
    },
    onSample({ service, replica, metric, value }) {
      const kind = KIND_OF_METRIC[metric];
      if (kind === undefined) return;
      const threshold = thresholds?.current.find((t) => t.metric === metric && t.enabled);
      if (threshold === undefined) return;
      const limit = limitOf(threshold);
      const isBeyond = threshold.direction === 'upper' ? value > limit : value < limit;
      const detail = isBeyond ? `${metric} is ${value.toPrecision(4)}, limit ${limit}` : '';
      const seen = { failures: isBeyond ? 1 : 0, successes: isBeyond ? 0 : 1, detail };
      counted
        .observe({ service, replica }, kind, seen)
        .catch((error: unknown) => onProblem('telling the breakers', error));
    },
    states: () => watch.states(),
    health: () => checks.results(),
    failedTrials: new FailedTrials(watch, mayAct),
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await checks.stop();
    },
  };
}

function servicesOf(config: Config, actuators: ReadonlyMap<string, ActuatorPorts>) {
  return config.services.map(({ name, replicas, loadBalancer, engine }) => {
    const port = loadBalancer && actuators.get(loadBalancer.actuator)?.loadBalancer;
    return {
      name,
      replicas: replicas.map((r) => ({ name: r.name, server: r.server ?? r.name })),
      loadBalancer:
        loadBalancer === undefined || port === undefined
          ? undefined
          : { port, backend: loadBalancer.backend },
      engine: engine && actuators.get(engine.actuator)?.engine,
    };
  });
}

/** Settings of the rhythm of health checks, by the mode of operation. */
const RHYTHMS = {
  normal: 'normal',
  'high-alert': 'highAlert',
  emergency: 'emergency',
  maintenance: 'maintenance',
} as const satisfies Record<Mode, keyof Config['health']>;

/** The mode that the violations of here call for by themselves. */
function modeOf(detector: Detector): Mode {
  const { active, compliancePercent } = detector.summary();
  return nextMode('normal', { active: active.map((v) => v.severity), compliancePercent });
}
