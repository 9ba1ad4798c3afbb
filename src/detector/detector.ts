import type { Source, SourceTarget } from '../adapters/sources/source.js';
import type { SlaPolicy } from '../domain/sla/policy.js';
import type { SlaEvent, SliSample } from '../domain/sla/samples.js';
import { SlaEvaluator } from '../domain/sla/evaluator.js';
import type { SlaSnapshot } from '../domain/sla/snapshot.js';
import type { SlaSummary } from '../domain/sla/summary.js';
import type { Threshold } from '../domain/sla/threshold.js';
import { fingerprintOf } from '../domain/sla/violation.js';
import { Dispatcher, type IncidentGate } from './dispatch.js';
import { Ingest } from './ingest.js';
import { SeriesStore } from './series-store.js';
import { restoreSnapshot, saveSnapshot } from './snapshot-file.js';
import type { SliPolicy } from './sli-policy.js';
import type { TargetState } from './target-state.js';

/** What the detector is made of. */
export interface DetectorOptions {
  readonly thresholds: readonly Threshold[];
  readonly policy: SlaPolicy;
  readonly sliPolicy: Partial<SliPolicy>;
  readonly sources: readonly Source[];
  readonly maxConcurrentScrapes: number;
  readonly retentionMs: number;
  readonly gate: IncidentGate;
  readonly snapshotFile: string;
  readonly snapshotEveryMs: number;
  readonly now: () => number;
  /** Each event of the evaluation, after it was dispatched; for log and telemetry. */
  readonly onEvent: (event: SlaEvent) => void;
  readonly onProblem: (what: string, error: unknown) => void;
  readonly onDispatched: (fingerprint: string, elapsedMs: number) => void;
  readonly onPollFailed: (target: SourceTarget, error: unknown) => void;
}

/** The clock of the evaluation: silence is noticed, and incidents are compared, this often. */
const TICK_MS = 250;
/** While a violation is open its incident hears of it at least so often. */
const TELL_EVERY_MS = 15_000;
/** Incidents that nobody here remembers are looked for this often. */
const RECONCILE_EVERY_MS = 15_000;

/**
 * Scrapes, evaluates each sample on arrival, and keeps incidents in step with violations. It may die
 * at any time: its snapshot and the next scrapes rebuild what it knows.
 */
export class Detector {
  readonly store: SeriesStore;
  #evaluator: SlaEvaluator;
  readonly #ingest: Ingest;
  readonly #dispatcher: Dispatcher;
  readonly #startedAtMs: number;
  #timers: NodeJS.Timeout[] = [];
  #saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: DetectorOptions) {
    const { thresholds, policy, sliPolicy, now } = options;
    this.#startedAtMs = now();
    this.store = new SeriesStore({ retentionMs: options.retentionMs });
    this.#evaluator = new SlaEvaluator(thresholds, policy);
    this.#ingest = new Ingest({
      store: this.store,
      thresholds,
      policy: sliPolicy,
      maxConcurrent: options.maxConcurrentScrapes,
      onSample: (sample) => this.#handle(this.#evaluator.observe(sample)),
      onPollFailed: options.onPollFailed,
    });
    for (const source of options.sources) this.#ingest.addSource(source);
    this.#dispatcher = new Dispatcher({
      gate: options.gate,
      tellEveryMs: TELL_EVERY_MS,
      reconcileEveryMs: RECONCILE_EVERY_MS,
      now,
      onDispatched: ({ fingerprint }, elapsedMs) => options.onDispatched(fingerprint, elapsedMs),
      onFailed: (error, fingerprint) => options.onProblem(`dispatch of ${fingerprint}`, error),
      isSurelyOver: (fingerprint) => this.#isSurelyOver(fingerprint),
    });
  }

  /** Restores what the last run knew, and begins. */
  async start(): Promise<void> {
    const { snapshotFile, thresholds, policy, now, onProblem } = this.options;
    const { snapshot, problems } = await restoreSnapshot(snapshotFile, this.store);
    for (const problem of problems) onProblem('snapshot', problem);
    const saved = snapshot?.extra as SlaSnapshot | undefined;
    // A snapshot older than the longest window holds nothing that could still be judged by.
    const longestMs = Math.max(...thresholds.map((t) => t.windowMs));
    if (snapshot !== undefined && saved?.version === 1 && now() - snapshot.savedAtMs < longestMs) {
      this.#evaluator = SlaEvaluator.restore(saved, thresholds, policy);
    }
    this.#ingest.start();
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => void this.#save(), this.options.snapshotEveryMs),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#ingest.stop();
    await this.#save();
  }

  /** Pushed samples come in here, as scraped ones do. */
  take(sample: SliSample): void {
    this.#ingest.take(sample);
  }

  /** Puts other thresholds into force, without losing the windows of unchanged ones. */
  reconfigure(thresholds: readonly Threshold[]): void {
    this.#handle(this.#evaluator.reconfigure(thresholds));
    this.#ingest.setThresholds(thresholds);
  }

  get thresholds(): readonly Threshold[] {
    return this.#evaluator.thresholds;
  }

  /** Whether incidents reach Temporal; undefined before the first try. */
  get isDispatching(): boolean | undefined {
    return this.#dispatcher.isReachable;
  }

  summary(): SlaSummary {
    return this.#evaluator.summary(this.options.now());
  }

  targets(): readonly TargetState[] {
    return this.#ingest.targets();
  }

  #tick(): void {
    this.#handle(this.#evaluator.advance(this.options.now()));
    this.#dispatcher.tick(this.#evaluator.open());
  }

  #handle(events: readonly SlaEvent[]): void {
    for (const event of events) {
      this.#dispatcher.take(event);
      this.options.onEvent(event);
    }
  }

  /** After two whole windows without this violation, and with fresh samples, it is over. */
  #isSurelyOver(fingerprint: string): boolean {
    const nowMs = this.options.now();
    for (const threshold of this.#evaluator.thresholds) {
      for (const { service, replica, metric, column } of this.store.series()) {
        if (metric !== threshold.metric) continue;
        if (fingerprintOf({ service, replica }, threshold.name) !== fingerprint) continue;
        const watchedMs = nowMs - this.#startedAtMs;
        return watchedMs > 2 * threshold.windowMs && nowMs - column.newestMs < threshold.windowMs;
      }
    }
    return false;
  }

  #save(): Promise<void> {
    const { snapshotFile, now, onProblem } = this.options;
    this.#saving = this.#saving
      .then(() => saveSnapshot(snapshotFile, this.store, now(), this.#evaluator.snapshot()))
      .catch((error: unknown) => onProblem('snapshot', error));
    return this.#saving;
  }
}
