import type { Source } from '../adapters/sources/source.js';
import type { RejectedCounts, SlaEvent, SliSample } from '../domain/sla/samples.js';
import { SlaEvaluator } from '../domain/sla/evaluator.js';
import type { SlaSummary } from '../domain/sla/summary.js';
import type { LoggedViolation } from '../domain/sla/violation-log.js';
import { scopeOf } from '../domain/sla/violation.js';
import type { BudgetView } from '../domain/sla/error-budget.js';
import { reportCoverage, type CoverageEntry } from './coverage-report.js';
import { describeCoverage } from './coverage.js';
import type { DetectorOptions } from './detector-options.js';
import { ErrorBudgets } from './error-budgets.js';
import { outlooks, type OutlookView } from './outlook.js';
import { Dispatcher } from './dispatch.js';
import { ExternalReports } from './external-reports.js';
import { Ingest } from './ingest.js';
import { refusalOf } from './push-refusal.js';
import { recentSlis, type RecentSli } from './recent-slis.js';
import { ModeFactsTeller } from './mode-facts.js';
import { SeriesStore, type StoreCounts } from './series-store.js';
import { restoreState } from './restore-state.js';
import { saveSnapshot } from './snapshot-file.js';
import { whyUnseenOver } from './surely-over.js';
import type { TargetState } from './target-state.js';
import { ThresholdBook } from './threshold-book.js';
import { suggestThresholds, type ThresholdSuggestion } from './threshold-suggestions.js';

/** The clock of the evaluation: silence is noticed, and incidents are compared, this often. */
const TICK_MS = 250;
/** While a violation is open its incident hears of it at least so often. */
const TELL_EVERY_MS = 15_000;
/** Incidents that nobody here remembers are looked for this often. */
const RECONCILE_EVERY_MS = 15_000;
/** Temporal is back within seconds after a restart; a refused call costs next to nothing. */
const RETRY_EVERY_MS = 1_000;
/** What decides the mode is looked at so often: a summary costs a pass over the tallies. */
const FACTS_EVERY_MS = 1_000;
/** A third of the time after which the monitor forgets a detector. */
const REPEAT_FACTS_EVERY_MS = 5 * 60_000;

/**
 * Scrapes, evaluates each sample on arrival, and keeps incidents in step with violations. It may die
 * at any time: its files and the next scrapes rebuild what it knows.
 */
export class Detector {
  readonly store: SeriesStore;
  readonly reports: ExternalReports;
  readonly thresholds: ThresholdBook;
  #evaluator: SlaEvaluator;
  readonly #ingest: Ingest;
  readonly #dispatcher: Dispatcher;
  readonly #facts: ModeFactsTeller;
  #factsAtMs = -Infinity;
  readonly #startedAtMs: number;
  readonly #isOwn: (service: string) => boolean;
  readonly #budgets: ErrorBudgets;
  /** The replicas of each service whose fleet is known. */
  readonly #fleets = new Map<string, ReadonlySet<string>>();
  /** Pushed samples that were not even stored. */
  readonly #refused = { future: 0, implausible: 0 };
  #timers: NodeJS.Timeout[] = [];
  #saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: DetectorOptions) {
    const { thresholds, policy, sliPolicy, files, now } = options;
    this.#startedAtMs = now();
    this.store = new SeriesStore({
      retentionMs: options.retentionMs,
      maxBytes: options.maxSampleBytes,
    });
    this.#evaluator = new SlaEvaluator(thresholds, policy);
    this.#isOwn = options.isOwn ?? (() => true);
    this.#budgets = new ErrorBudgets(files.budgets, options.slos, thresholds, this.#isOwn);
    this.#ingest = new Ingest({
      store: this.store,
      thresholds,
      policy: sliPolicy,
      maxConcurrent: options.maxConcurrentScrapes,
      onSample: (sample) => {
        options.onSample?.(sample);
        this.#handle(this.#evaluator.observe(sample));
        this.#budgets.observe(sample);
      },
      onPollFailed: options.onPollFailed,
    });
    for (const source of options.sources) this.#ingest.addSource(source);
    this.#dispatcher = new Dispatcher({
      gate: options.gate,
      tellEveryMs: TELL_EVERY_MS,
      reconcileEveryMs: RECONCILE_EVERY_MS,
      retryEveryMs: RETRY_EVERY_MS,
      now,
      onDispatched: ({ fingerprint }, elapsedMs) => options.onDispatched(fingerprint, elapsedMs),
      onCalled: options.onCalled,
      onFailed: (error, fingerprint) => options.onProblem(`dispatch of ${fingerprint}`, error),
      whyUnseenOver: (fingerprint) => this.#whyUnseenOver(fingerprint),
      isOwn: (fingerprint) => this.#isOwn(scopeOf(fingerprint).service),
      neighbours: options.neighbours,
      pagedOf: (fingerprint) => options.pager?.pagedOf(fingerprint),
      onHandedOver: (fingerprint, paged) => options.pager?.handedOver(fingerprint, paged),
    });
    this.#facts = new ModeFactsTeller({
      source: options.source,
      tell: (facts) => options.tellFacts(facts),
      ...{ repeatEveryMs: REPEAT_FACTS_EVERY_MS, retryEveryMs: RETRY_EVERY_MS, now },
    });
    this.reports = new ExternalReports(files.reports, this.#dispatcher, now, this.#isOwn);
    this.thresholds = new ThresholdBook(
      files.thresholds,
      thresholds,
      options.thresholdForm,
      (changed) => {
        this.#handle(this.#evaluator.reconfigure(changed));
        this.#ingest.setThresholds(changed);
        this.#budgets.setThresholds(changed);
      },
    );
  }

  /** Restores what the last run knew, and begins. */
  async start(): Promise<void> {
    const { onProblem } = this.options;
    await this.thresholds.restore().catch((error: unknown) => onProblem('thresholds', error));
    await this.#budgets.restore().catch((error: unknown) => onProblem('error budgets', error));
    const restored = await restoreState({ ...this.options, isOwn: this.#isOwn }, this);
    if (restored !== undefined) this.#evaluator = restored;
    await this.reports.restore().catch((error: unknown) => onProblem('reports', error));
    await this.options.pager
      ?.restore()
      .catch((error: unknown) => onProblem('what was paged', error));
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

  /** Polls that source as well, e.g. of a replica that a scaling added; it is closed with the detector. */
  addSource(source: Source): void {
    this.#ingest.addSource(source);
  }

  /** Polls it no more, and lets go of what its replicas were: gone is not silent. */
  async removeSource(source: Source): Promise<void> {
    await this.#ingest.removeSource(source);
    for (const { target } of source.pollers) {
      if (target.replica === undefined) continue;
      this.#handle(this.#evaluator.forget(target.service, target.replica));
    }
  }

  /** Hears which replicas a service has, all of them: what is silent and not among these is gone. */
  fleetIs(service: string, replicas: ReadonlySet<string>): void {
    this.#fleets.set(service, replicas);
    this.#handle(this.#evaluator.forgetAllBut(service, replicas));
  }

  /** Takes a pushed sample as scraped ones are taken; undefined, or why it was not evaluated. */
  push(sample: SliSample): keyof RejectedCounts | undefined {
    const { now, policy } = this.options;
    const refusal = refusalOf(sample, this.thresholds.current, now() + policy.futureToleranceMs);
    if (refusal !== undefined) {
      this.#refused[refusal] += 1;
      return refusal;
    }
    const before = { ...this.#evaluator.rejected };
    this.#ingest.take(sample);
    const after = this.#evaluator.rejected;
    return (Object.keys(before) as (keyof RejectedCounts)[]).find(
      (why) => after[why] > before[why],
    );
  }

  /** What it holds open, and what of it people were told that its incident does not know. */
  held(): { readonly held: readonly string[]; readonly paged: readonly string[] } {
    const held = this.#dispatcher.held().map(({ fingerprint }) => fingerprint);
    return { held, paged: this.options.pager?.notHandedOver() ?? [] };
  }

  /** The violations of the last 24 hours, in order of opening. */
  lastDay(): readonly LoggedViolation[] {
    return this.#evaluator.lastDay(this.options.now());
  }

  /** Whether incidents reach Temporal; undefined before the first try. */
  get isDispatching(): boolean | undefined {
    return this.#dispatcher.isReachable;
  }

  /** The last hour of every threshold's SLI. */
  recent(): RecentSli[] {
    const { services, now } = this.options;
    return recentSlis(this.store, services, this.thresholds.current, now());
  }

  /** Samples by what became of them, since the start. */
  counts(): { readonly stored: StoreCounts; readonly rejected: RejectedCounts } {
    const { rejected } = this.#evaluator;
    const { future, implausible } = this.#refused;
    return {
      stored: this.store.counts,
      rejected: {
        ...rejected,
        future: rejected.future + future,
        implausible: rejected.implausible + implausible,
      },
    };
  }

  summary(): SlaSummary {
    const summary = this.#evaluator.summary(this.options.now());
    return { ...summary, active: [...summary.active, ...(this.options.others?.open() ?? [])] };
  }

  /** The error budgets as they are now. */
  budgets(): readonly BudgetView[] {
    return this.#budgets.views(this.options.now());
  }

  /** Where each SLI is heading; costs some ms a series. */
  outlooks(): readonly OutlookView[] {
    return outlooks(this.store.series(), this.thresholds.current, this.options.now());
  }

  /** Tolerances that the kept samples speak for; costs some ms a series. */
  suggestions(): readonly ThresholdSuggestion[] {
    const nowMs = this.options.now();
    return suggestThresholds(this.thresholds.current, this.store.series(), this.lastDay(), nowMs);
  }

  targets(): readonly TargetState[] {
    return this.#ingest.targets();
  }

  /** What is measurable, and from which source; meaningful once each target was asked. */
  coverage(): CoverageEntry[] {
    const { policy, services, sources } = this.options;
    const { minSamples } = policy;
    const context = { slis: this.#ingest.slis, store: this.store, minSamples, services };
    const queries = sources
      .flatMap(({ pollers }) => pollers)
      .filter(({ kind }) => kind === 'samples')
      .map(({ target }) => target);
    return reportCoverage(describeCoverage(this.thresholds.current, context), queries, minSamples);
  }

  #tick(): void {
    const { now, others } = this.options;
    this.#handle(this.#evaluator.advance(now()));
    const open = this.#evaluator.open();
    this.#handle(this.#budgets.judge(now(), open));
    this.#handle(others?.judge(now()) ?? []);
    this.#dispatcher.tick([...open, ...this.#budgets.open(), ...(others?.open() ?? [])]);
    this.options.pager?.tick(this.#dispatcher.standing(), this.#dispatcher.isReachable);
    if (now() - this.#factsAtMs >= FACTS_EVERY_MS) {
      this.#factsAtMs = now();
      this.#facts.tick(this.#dispatcher.held(), this.summary().compliancePercent);
    }
    void this.reports
      .expire()
      .catch((error: unknown) => this.options.onProblem('writing reports', error));
  }

  #handle(events: readonly SlaEvent[]): void {
    for (const event of events) {
      this.#dispatcher.take(event);
      this.options.onEvent(event);
    }
  }

  #whyUnseenOver(fingerprint: string): string | undefined {
    const { now, policy, sources, others } = this.options;
    return whyUnseenOver(fingerprint, {
      fleets: this.#fleets,
      isSaidOver: () =>
        this.#budgets.isOver(fingerprint, now()) || others?.isOver(fingerprint) === true,
      thresholds: this.thresholds.current,
      series: this.store.series(),
      regression: policy.regression,
      minSamples: policy.minSamples,
      targets: sources.flatMap(({ pollers }) => pollers).map(({ target }) => target),
      watchedMs: now() - this.#startedAtMs,
      nowMs: now(),
    });
  }

  #save(): Promise<void> {
    const { files, now, onProblem } = this.options;
    this.#saving = this.#saving
      .then(() => saveSnapshot(files.snapshot, this.store, now(), this.#evaluator.snapshot()))
      .then(() => this.#budgets.save())
      .catch((error: unknown) => onProblem('writing the snapshot', error));
    return this.#saving;
  }
}
