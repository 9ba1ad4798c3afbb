import type { Coordination, World } from '../src/activities/world.js';
import type { Archive } from '../src/domain/archive.js';
import type { LoadBalancer, LoadBalancerServer, MetricHistory } from '../src/domain/ports.js';
import { DEFAULT_BREAKERS } from '../src/domain/recovery/breaker-kinds.js';
import { DEFAULT_AUTONOMY } from '../src/domain/recovery/action.js';
import type { RecoveryPolicy } from '../src/domain/recovery/policy.js';
import { DEFAULT_PROCEDURES } from '../src/domain/recovery/procedures/index.js';
import { DEFAULT_THRESHOLDS } from '../src/domain/sla/threshold.js';
import type { Violation } from '../src/domain/sla/violation.js';

const METRIC = 'request_latency_p95';
const REPLICAS = ['engine-1', 'engine-2', 'engine-3'];
/** Weights in memory are in force at once: what is measured is the work, not the patience. */
const SETTLE_MS = 10;

/**
 * Services of three replicas in memory, of which engine-2 is slow until its weight is first cut. What is
 * measured on it is the durable way to the action, not a network.
 */
export class BenchFleet {
  readonly #weights = new Map<string, number>();
  /** Services whose fault has passed with the first change. */
  readonly #mended = new Set<string>();
  /** Called with the service whose load balancer was changed. */
  onEffect: (service: string) => void = () => undefined;

  constructor(private readonly services: readonly string[] = names(400)) {}

  world(coordination: Coordination, policy: Partial<RecoveryPolicy> = {}): World {
    // All that is written; one that was missing here would fail, and be tried again for as long as a bench runs.
    const written: Pick<Archive, 'putIncident' | 'putTimeline' | 'putAudit' | 'putAlert'> = {
      putIncident: () => Promise.resolve(),
      putTimeline: () => Promise.resolve(),
      putAudit: () => Promise.resolve(),
      putAlert: () => Promise.resolve(),
    };
    const archive = written as Archive;
    return {
      services: new Map(
        this.services.map((name) => [
          name,
          {
            name,
            replicas: REPLICAS.map((replica) => ({ name: replica, server: replica })),
            loadBalancer: { port: this.#balancer(), backend: name },
            ...{ engine: undefined, control: undefined, deployment: undefined },
          },
        ]),
      ),
      thresholds: () => DEFAULT_THRESHOLDS,
      procedures: DEFAULT_PROCEDURES.map((one) => ({
        ...one,
        steps: one.steps.map((step) => ({ ...step, settleMs: SETTLE_MS })),
      })),
      policy: {
        ...{ maxConcurrent: 1_000, maxPerHour: 100_000, cooldownMs: 0, stormAbove: 100_000 },
        ...{ autonomy: DEFAULT_AUTONOMY, approvalTimeoutMs: 60_000, onApprovalTimeout: 'skip' },
        ...{ asksBeforeRollback: false, minHealthyReplicas: 1, maxSharePercent: 50 },
        ...{ minSamples: 5, compliantPercent: 80, holdMs: 30_000, verifyTimeoutMs: 90_000 },
        ...{ worsePercent: 20, releaseAfterWindows: 2, sliWindowMs: 30_000 },
        ...policy,
      },
      history: this.#history(),
      archive,
      coordination,
      // Nobody is told, and nothing is muted.
      alerting: {
        policy: {
          cooldownMs: { normal: 0, 'high-alert': 0, emergency: 0, maintenance: 0 },
          grouping: { withinMs: 0, everyMs: 0 },
          flapping: { opens: 1_000, withinMs: 1_000, holdMs: 0 },
        },
        escalation: { levels: [{ afterMs: 0, channels: [] }], from: 'major' },
        publicUrl: 'http://127.0.0.1:2242',
      },
      breakers: {
        settings: DEFAULT_BREAKERS,
        states: () => Promise.resolve([]),
        order: () => Promise.reject(new Error('not in a bench')),
      },
    };
  }

  #balancer(): LoadBalancer {
    const unused = () => Promise.reject(new Error('not in a bench'));
    const server = (backend: string, name: string): LoadBalancerServer => ({
      ...{ name, address: '127.0.0.1:1', initialWeight: 100, admin: 'ready', isUp: true },
      ...{ weight: this.#weights.get(`${backend}/${name}`) ?? 100, activeRequests: 0 },
    });
    return {
      servers: (backend) => Promise.resolve(REPLICAS.map((name) => server(backend, name))),
      setWeight: (backend, name, weight) => {
        this.#weights.set(`${backend}/${name}`, weight);
        this.#mended.add(backend);
        this.onEffect(backend);
        return Promise.resolve();
      },
      ...{ setAdmin: unused, addServer: unused, removeServer: unused, setMapEntry: unused },
      mapEntries: () => Promise.resolve(new Map()),
      counts: () => Promise.resolve([]),
    };
  }

  #history(): MetricHistory {
    return {
      range: ({ service, metrics, fromMs, toMs }) => {
        if (metrics?.includes(METRIC) !== true) return Promise.resolve([]);
        const timesMs: number[] = [];
        for (let t = Math.ceil(fromMs / 10) * 10; t <= Math.min(toMs, Date.now()); t += 10) {
          timesMs.push(t);
        }
        const isSlow = !this.#mended.has(service);
        return Promise.resolve(
          REPLICAS.map((replica) => {
            const value = replica === 'engine-2' && isSlow ? 600 : 110;
            return { service, replica, metric: METRIC, timesMs, values: timesMs.map(() => value) };
          }),
        );
      },
    };
  }
}

/** Names of that many services. */
export function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `s${i}`);
}

/** The violation of one service's slow replica. */
export function slowReplica(service: string): Violation {
  const nowMs = Date.now();
  return {
    fingerprint: `${service}:engine-2:${METRIC}`,
    ...{ service, replica: 'engine-2', threshold: METRIC, metric: METRIC, unit: 'ms' },
    ...{ violationType: 'latency_breach', severity: 'critical', direction: 'upper' },
    ...{ value: 600, limit: 250, windowMs: 1_000 },
    ...{ startedAtMs: nowMs - 1_000, detectedAtMs: nowMs },
  };
}
