import type { Source, SourceTarget } from '../adapters/sources/source.js';
import type { SourceFacts } from '../domain/monitor/monitor-state.js';
import type { SlaPolicy } from '../domain/sla/policy.js';
import type { SlaEvent, SliSample } from '../domain/sla/samples.js';
import type { Slo } from '../domain/sla/slo.js';
import type { Threshold } from '../domain/sla/threshold.js';
import type { Violation } from '../domain/sla/violation.js';
import type { Elsewhere } from './elsewhere.js';
import type { IncidentGate } from './incident-gate.js';
import type { OutagePager } from './outage/pager.js';
import type { SliPolicy } from './sli-policy.js';
import type { ThresholdForm } from './threshold-book.js';

/** Where the detector keeps what a restart needs. */
export interface DetectorFiles {
  /** Samples and the state of the evaluation. */
  readonly snapshot: string;
  /** Thresholds that the API changed. */
  readonly thresholds: string;
  /** Reports from outside that hold incidents open. */
  readonly reports: string;
  /** What the error budgets have counted. */
  readonly budgets: string;
}

/** Who finds violations in something else than samples; asked with each tick. */
export interface OtherViolations {
  judge(nowMs: number): readonly SlaEvent[];
  open(): readonly Violation[];
  /** Whether that fingerprint is one of its own, and known to be over. */
  isOver(fingerprint: string): boolean;
}

/** What the detector is made of. */
export interface DetectorOptions {
  /** Of the configuration. */
  readonly thresholds: readonly Threshold[];
  readonly thresholdForm: ThresholdForm;
  /** Objectives whose error budgets are watched. */
  readonly slos: readonly Slo[];
  readonly policy: SlaPolicy;
  readonly sliPolicy: Partial<SliPolicy>;
  readonly services: readonly string[];
  readonly sources: readonly Source[];
  readonly maxConcurrentScrapes: number;
  readonly retentionMs: number;
  readonly maxSampleBytes: number;
  readonly gate: IncidentGate;
  /** Whether it watches that service; it leaves all others alone. All, where it is the only detector. */
  readonly isOwn?: (service: string) => boolean;
  /** The other detectors that watch its services. */
  readonly neighbours?: Elsewhere;
  /** Its name among detectors, the same after a restart. */
  readonly source: string;
  /** Tells the monitor what decides the mode. */
  readonly tellFacts: (facts: SourceFacts) => Promise<void>;
  readonly files: DetectorFiles;
  readonly snapshotEveryMs: number;
  readonly now: () => number;
  /** Each event of the evaluation, after it was dispatched; for log and telemetry. */
  readonly onEvent: (event: SlaEvent) => void;
  /** Tells people while Temporal is away. */
  readonly pager?: OutagePager;
  /** Violations that are found in something else than samples. */
  readonly others?: OtherViolations;
  /** Each sample, scraped or pushed, before it is evaluated. */
  readonly onSample?: (sample: SliSample) => void;
  readonly onProblem: (what: string, error: unknown) => void;
  readonly onDispatched: (fingerprint: string, elapsedMs: number) => void;
  readonly onCalled: (kind: 'start' | 'signal', isOk: boolean) => void;
  readonly onPollFailed: (target: SourceTarget, error: unknown) => void;
}
