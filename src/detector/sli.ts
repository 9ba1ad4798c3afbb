import type { SeriesTable } from '../adapters/sources/series-table.js';
import type { Exposition } from '../adapters/sources/exposition.js';
import type { SourceTarget } from '../adapters/sources/source.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { OnSample } from './on-sample.js';
import { ServiceSlis } from './service-slis.js';
import { DEFAULT_SLI_POLICY, type SliPolicy } from './sli-policy.js';
import { TargetReader } from './target-reader.js';

/** Derives SLIs from scrapes of any number of services' targets. */
export class SliEngine {
  readonly #policy: SliPolicy;
  readonly #readers = new Map<string, TargetReader>();
  readonly #services = new Map<string, ServiceSlis>();
  #thresholds: readonly Threshold[] = [];

  constructor(
    private readonly onSample: OnSample,
    policy: Partial<SliPolicy> = {},
  ) {
    this.#policy = { ...DEFAULT_SLI_POLICY, ...policy };
  }

  get policy(): SliPolicy {
    return this.#policy;
  }

  /** Thresholds decide which histograms are fine enough to judge by. Takes effect at once. */
  setThresholds(thresholds: readonly Threshold[]): void {
    this.#thresholds = thresholds;
    for (const service of this.#services.values()) service.setThresholds(thresholds);
  }

  /** Announces a target whose scrapes will come. */
  addTarget(target: SourceTarget): void {
    this.#readers.set(target.id, new TargetReader(target, this.#policy));
    this.#service(target.service).addTarget(target);
  }

  /** Announces a target whose health probes will come; it gives no series. */
  addProbe(target: SourceTarget): void {
    this.#service(target.service);
  }

  removeTarget(target: SourceTarget): void {
    if (!this.#readers.delete(target.id)) return;
    this.#service(target.service).removeTarget(target);
  }

  /** Takes a scrape. The target must have been added. */
  scraped(target: SourceTarget, exposition: Exposition, table: SeriesTable, atMs: number): void {
    const reader = this.#readers.get(target.id);
    if (reader === undefined) return;
    const measures = reader.read(exposition, table, atMs);
    this.#service(target.service).observe(target, measures, atMs);
  }

  failed(target: SourceTarget, atMs: number): void {
    if (this.#readers.has(target.id)) this.#service(target.service).fail(target, atMs);
  }

  probed(target: SourceTarget, isHealthy: boolean, atMs: number): void {
    this.#service(target.service).probed(target, isHealthy, atMs);
  }

  /** The readers by target, for the report on what is measurable. */
  get readers(): Iterable<TargetReader> {
    return this.#readers.values();
  }

  /** A service's SLIs, or undefined if it has no target. */
  serviceOf(name: string): ServiceSlis | undefined {
    return this.#services.get(name);
  }

  #service(name: string): ServiceSlis {
    let service = this.#services.get(name);
    if (service === undefined) {
      service = new ServiceSlis(name, this.#policy, this.onSample);
      service.setThresholds(this.#thresholds);
      this.#services.set(name, service);
    }
    return service;
  }
}
