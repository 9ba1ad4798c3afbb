import type { ServerCounts } from '../../domain/ports.js';
import type { BreakerWatch, WatchedService } from './watch.js';

/** What one read of the counters says of a server since the one before. */
interface Delta {
  readonly replica: string;
  readonly failures: number;
  readonly successes: number;
}

/**
 * Reads the load balancers' counters several times a second and tells the watch what became of the
 * requests since. The first read, and one after a reload, only say where to count from.
 */
export class BreakerFeed {
  readonly #last = new Map<string, ServerCounts>();
  readonly #reading = new Set<string>();

  constructor(
    private readonly watch: Pick<BreakerWatch, 'observe' | 'isClosed'>,
    private readonly services: readonly WatchedService[],
    private readonly onProblem: (what: string, error: unknown) => void,
  ) {}

  /** One read of all balancers; one that still hangs from the time before is left out. */
  async read(): Promise<void> {
    await Promise.all(this.services.map((service) => this.#readService(service)));
  }

  async #readService(service: WatchedService): Promise<void> {
    const { name, loadBalancer } = service;
    if (loadBalancer === undefined || this.#reading.has(name)) return;
    this.#reading.add(name);
    let deltas: readonly Delta[];
    try {
      const counts = await loadBalancer.port.counts(loadBalancer.backend);
      deltas = counts.flatMap((one) => this.#deltaOf(service, one));
    } catch (error) {
      this.onProblem(`reading the counters of ${name}`, error);
      return;
    } finally {
      this.#reading.delete(name);
    }
    // A failing replica whose own breaker acts is not the service's failure as well.
    const common = deltas.filter(({ replica }) =>
      this.watch.isClosed({ service: name, replica }, 'aphrodite_engine'),
    );
    const seen = deltas.map(({ replica, ...rest }) =>
      this.watch.observe({ service: name, replica }, 'aphrodite_engine', {
        ...rest,
        detail: rest.failures > 0 ? 'answers 5xx, refused or cut connections' : '',
      }),
    );
    const sum = (of: (delta: Delta) => number) => common.reduce((n, delta) => n + of(delta), 0);
    const failures = sum((delta) => delta.failures);
    const whole = this.watch.observe({ service: name, replica: undefined }, 'aphrodite_engine', {
      ...{ failures, successes: sum((delta) => delta.successes) },
      detail: failures > 0 ? 'answers 5xx, refused or cut connections of its replicas' : '',
    });
    // What follows (drains, signals) must not hold up the next read.
    for (const one of [...seen, whole]) {
      one.catch((error: unknown) => this.onProblem(`telling the breakers of ${name}`, error));
    }
  }

  #deltaOf(service: WatchedService, counts: ServerCounts): Delta[] {
    const key = `${service.name}/${counts.name}`;
    const before = this.#last.get(key);
    this.#last.set(key, counts);
    if (before === undefined) return [];
    const isReset = counts.failed < before.failed || counts.succeeded < before.succeeded;
    const failures = isReset ? counts.failed : counts.failed - before.failed;
    const successes = isReset ? counts.succeeded : counts.succeeded - before.succeeded;
    const replica = service.replicas.find(({ server }) => server === counts.name)?.name;
    return [{ replica: replica ?? counts.name, failures, successes }];
  }
}
