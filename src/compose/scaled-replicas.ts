import type { Source } from '../adapters/sources/source.js';
import type { Config, ServiceConfig } from '../config/schema.js';
import type { ReplicaControl, ReplicaProcess } from '../domain/ports.js';

/** What follows a fleet's size. */
export interface ScaledReplicasParts {
  readonly config: Config;
  /** The service's supervisor; undefined where none is configured. */
  readonly controlOf: (service: ServiceConfig) => ReplicaControl | undefined;
  /** Makes the scrape of a replica's metrics. */
  readonly sourceOf: (service: ServiceConfig, replica: ReplicaProcess) => Source;
  readonly detector: {
    addSource(source: Source): void;
    removeSource(source: Source): Promise<void>;
    fleetIs(service: string, replicas: ReadonlySet<string>): void;
  };
  readonly onProblem: (error: unknown) => void;
}

/** The supervisor answers from memory; a replica that was added counts within seconds. */
const LOOK_EVERY_MS = 2_000;

/**
 * Has replicas watched that a scaling added, which no configuration lists: else a service's sums
 * (tokens per second) would miss what they do, and nobody would see one of them fail. Forgets them
 * when they are scaled away.
 *
 * Only where the supervisor's names are the configuration's: where names change with every start
 * (pods), a replica could be counted twice, and such a fleet is watched by a source that finds it.
 */
export class ScaledReplicas {
  /** By service, replica and address. */
  private readonly watched = new Map<string, Source>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly parts: ScaledReplicasParts) {}

  start(): void {
    const again = () => {
      this.looking = this.look().finally(() => {
        if (!this.isStopped) this.timer = setTimeout(again, LOOK_EVERY_MS);
      });
    };
    again();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  /** Compares what is watched with what the supervisors run. One that can't be asked changes nothing. */
  async look(): Promise<void> {
    for (const service of this.parts.config.services) {
      const control = this.parts.controlOf(service);
      if (control === undefined) continue;
      try {
        await this.follow(service, await control.replicas(service.name));
      } catch (error) {
        this.parts.onProblem(error);
      }
    }
  }

  private async follow(service: ServiceConfig, all: readonly ReplicaProcess[]): Promise<void> {
    const configured = new Set(service.replicas.map(({ name }) => name));
    const isComparable = all.some(({ name }) => configured.has(name));
    const scaled = isComparable ? all.filter(({ name }) => !configured.has(name)) : [];
    // The address as well: one that came back elsewhere is another target.
    const keyOf = (one: ReplicaProcess) => `${service.name}/${one.name} ${one.address}`;
    for (const replica of scaled) {
      const key = keyOf(replica);
      // One that starts would only fail its scrapes; it is asked once it runs.
      if (replica.state !== 'running' || this.watched.has(key)) continue;
      const source = this.parts.sourceOf(service, replica);
      this.parts.detector.addSource(source);
      this.watched.set(key, source);
    }
    const wanted = new Set(scaled.map(keyOf));
    for (const [key, source] of this.watched) {
      if (!key.startsWith(`${service.name}/`) || wanted.has(key)) continue;
      this.watched.delete(key);
      await this.parts.detector.removeSource(source);
    }
    if (!isComparable) return;
    this.parts.detector.fleetIs(
      service.name,
      new Set([...configured, ...all.map(({ name }) => name)]),
    );
  }
}
