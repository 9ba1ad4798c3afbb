import { setTimeout as sleep } from 'node:timers/promises';
import { AdapterError, type EngineAdmin } from '../../domain/ports.js';
import type { BreakerWatch } from './watch.js';

/** What the last check of a replica found. */
export interface ReplicaHealth {
  readonly service: string;
  readonly replica: string;
  /** `unknown`: the check itself was refused, which says nothing of the engine. */
  readonly state: 'well' | 'ill' | 'unknown';
  /** `/health` answers. */
  readonly isServing: boolean | undefined;
  /** A completion of one token comes back: a hung core answers `/health` all the same. */
  readonly completes: boolean | undefined;
  readonly latencyMs: number;
  /** Why it is not well; empty when it is. */
  readonly detail: string;
  readonly atMs: number;
}

/** What health checks need of a service. */
export interface CheckedService {
  readonly name: string;
  readonly replicas: readonly { readonly name: string }[];
  readonly engine: EngineAdmin | undefined;
}

/** What the checks are made of. */
export interface HealthCheckOptions {
  readonly services: readonly CheckedService[];
  readonly watch: Pick<BreakerWatch, 'observe'>;
  /** Whether its replicas are checked here; else another detector does. */
  readonly leads?: (service: string) => boolean;
  /** Time between two rounds, by the mode of now. */
  readonly intervalMs: () => number;
  /** Bound on the check of one replica. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** A change of mode is noticed this soon: an emergency must not wait for the end of a calm interval. */
const LOOK_EVERY_MS = 1_000;

/**
 * Checks each replica in the mode's rhythm: `/health`, and a completion of one token. What is found is
 * kept for `/health/production`, and counts for the breakers of the engine and of its model.
 */
export class HealthChecks {
  readonly #last = new Map<string, ReplicaHealth>();
  #timer: NodeJS.Timeout | undefined;
  #roundAtMs = -Infinity;
  #running: Promise<void> | undefined;

  constructor(private readonly options: HealthCheckOptions) {}

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** The last result of each replica. */
  results(): readonly ReplicaHealth[] {
    return [...this.#last.values()];
  }

  #look(): void {
    const { now, intervalMs } = this.options;
    if (this.#running !== undefined || now() - this.#roundAtMs < intervalMs()) return;
    this.#roundAtMs = now();
    this.#running = this.round().finally(() => {
      this.#running = undefined;
    });
  }

  /** Checks all replicas once, at the same time. */
  async round(): Promise<void> {
    await Promise.all(
      this.options.services.flatMap(({ name, engine, replicas }) =>
        engine === undefined || this.options.leads?.(name) === false
          ? []
          : replicas.map((replica) => this.#check(name, replica.name, engine)),
      ),
    );
  }

  async #check(service: string, replica: string, engine: EngineAdmin): Promise<void> {
    const { watch, onProblem } = this.options;
    const result = await this.#probe(service, replica, engine);
    this.#last.set(`${service}/${replica}`, result);
    if (result.state === 'unknown') return;
    const isWell = result.state === 'well';
    const seen = {
      ...{ failures: isWell ? 0 : 1, successes: isWell ? 1 : 0 },
      detail: isWell ? '' : `health check: ${result.detail}`,
    };
    const target = { service, replica };
    try {
      await watch.observe(target, 'aphrodite_engine', seen);
      // What does not serve at all says nothing of the model behind it.
      if (result.isServing === true) await watch.observe(target, 'model_inference', seen);
    } catch (error) {
      onProblem(`telling the breakers of ${replica}`, error);
    }
  }

  async #probe(service: string, replica: string, engine: EngineAdmin): Promise<ReplicaHealth> {
    const { now, timeoutMs } = this.options;
    const startedAtMs = now();
    const of = (state: ReplicaHealth['state'], rest: Partial<ReplicaHealth>): ReplicaHealth => ({
      ...{ service, replica, state, isServing: undefined, completes: undefined },
      ...{ latencyMs: now() - startedAtMs, detail: '', atMs: now(), ...rest },
    });
    const over = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: over.signal, ref: false }).then(() =>
      of('ill', { isServing: true, completes: false, detail: `no answer in ${timeoutMs} ms` }),
    );
    late.catch(() => undefined);
    try {
      const probed = engine.health(replica).then(({ isServing, completes, latencyMs, detail }) =>
        of(isServing && completes ? 'well' : 'ill', {
          ...{ isServing, completes, latencyMs },
          detail: isServing && completes ? '' : detail,
        }),
      );
      probed.catch(() => undefined);
      return await Promise.race([probed, late]);
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      return of('unknown', { detail: error.message });
    } finally {
      over.abort();
    }
  }
}
