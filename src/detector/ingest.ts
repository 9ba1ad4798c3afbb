import type { Polled, Poller, Source, SourceTarget } from '../adapters/sources/source.js';
import type { SliSample } from '../domain/sla/samples.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { RawSeries } from './raw-series.js';
import { ScrapeLoop } from './scrape-loop.js';
import type { SeriesStore } from './series-store.js';
import { SliEngine } from './sli.js';
import type { SliPolicy } from './sli-policy.js';
import type { TargetState } from './target-state.js';

/** Settings of the ingest. */
export interface IngestOptions {
  readonly store: SeriesStore;
  readonly thresholds: readonly Threshold[];
  /** Called with each SLI sample, after it was stored; also with ones too far ahead to be stored. */
  readonly onSample: (sample: SliSample) => void;
  /** Called when a poll fails, with its target's reason; for the log. */
  readonly onPollFailed?: (target: SourceTarget, error: unknown, atMs: number) => void;
  readonly policy?: Partial<SliPolicy>;
  /** Polls at a time. */
  readonly maxConcurrent?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

const DEFAULT_CONCURRENCY = 64;
/** Clocks of hosts may differ by this much; the evaluation counts what is further ahead as `future`. */
const FUTURE_TOLERANCE_MS = 60_000;

/** From sources to stored SLI samples: the loop, the derivation and the store, put together. */
export class Ingest {
  readonly slis: SliEngine;
  readonly #loop: ScrapeLoop;
  readonly #raw = new Map<string, RawSeries>();
  readonly #pollers = new Map<string, Poller>();
  readonly #sources: Source[] = [];

  constructor(private readonly options: IngestOptions) {
    this.slis = new SliEngine((sample) => this.take(sample), options.policy);
    this.slis.setThresholds(options.thresholds);
    const maxConcurrent = options.maxConcurrent ?? DEFAULT_CONCURRENCY;
    this.#loop = new ScrapeLoop({
      maxConcurrent,
      maxConcurrentFailing: maxConcurrent,
      onPolled: (target, polled, atMs) => this.#polled(target, polled, atMs),
      onFailed: (target, error, atMs) => {
        this.slis.failed(target, atMs);
        options.onPollFailed?.(target, error, atMs);
      },
      ...(options.now === undefined ? {} : { now: options.now }),
    });
  }

  /** Adds a source's targets, also while running; it is closed with the ingest. */
  addSource(source: Source): void {
    this.#sources.push(source);
    for (const poller of source.pollers) {
      this.#loop.add(poller);
      this.#pollers.set(poller.target.id, poller);
      if (poller.kind === 'exposition') this.slis.addTarget(poller.target);
      else this.slis.addProbe(poller.target);
    }
  }

  /** Forgets a source's targets, e.g. of a replica that was scaled away, and closes it. */
  async removeSource(source: Source): Promise<void> {
    const at = this.#sources.indexOf(source);
    if (at === -1) return;
    this.#sources.splice(at, 1);
    for (const { target } of source.pollers) {
      this.#loop.remove(target.id);
      this.#pollers.delete(target.id);
      this.#raw.delete(target.id);
      this.slis.removeTarget(target);
    }
    await source.close();
  }

  /** Stores a sample and hands it on; pushed ones come in here. */
  take(sample: SliSample): void {
    const { service, replica, metric, atMs, value } = sample;
    const nowMs = (this.options.now ?? Date.now)();
    // A sample of next year would make everything before it look aged out.
    if (atMs <= nowMs + FUTURE_TOLERANCE_MS) {
      this.options.store.record({ service, replica, metric }, atMs, value);
    }
    this.options.onSample(sample);
  }

  setThresholds(thresholds: readonly Threshold[]): void {
    this.slis.setThresholds(thresholds);
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends the polls and closes the sources. */
  async stop(): Promise<void> {
    const stopped = this.#loop.stop();
    await Promise.all(this.#sources.map((source) => source.close()));
    await stopped;
  }

  targets(): readonly TargetState[] {
    return this.#loop.states();
  }

  #polled(target: SourceTarget, polled: Polled, atMs: number): void {
    switch (polled.kind) {
      case 'exposition': {
        this.slis.scraped(target, polled.exposition, polled.table, atMs);
        let raw = this.#raw.get(target.id);
        if (raw === undefined) {
          raw = new RawSeries(target, this.options.store, this.slis.policy);
          this.#raw.set(target.id, raw);
        }
        raw.scraped(polled.exposition, polled.table, atMs);
        return;
      }
      case 'samples':
        for (const sample of polled.samples) this.take(sample);
        return;
      case 'health':
        this.slis.probed(target, polled.isHealthy, atMs);
    }
  }
}
