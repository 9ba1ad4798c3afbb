import type { CorrelationConfidence } from './correlation.js';
import type { IncidentEvidence } from './evidence.js';
import type { Argument, HypothesisKind } from './hypotheses/hypothesis.js';
import type { CallEdge, RankedCause } from './rank-input.js';
import type { Component } from './topology.js';

/** A hypothesis with its likelihood (0..1) and what speaks for and against it, heaviest first. */
export interface RatedHypothesis {
  readonly kind: HypothesisKind;
  readonly title: string;
  readonly probability: number;
  readonly mechanism: string | undefined;
  readonly service: string;
  /** Undefined where the whole service is meant. */
  readonly replica: string | undefined;
  readonly metric: string;
  /** The part of the replica that the metric is measured at; undefined for the whole. */
  readonly component: Component | undefined;
  readonly evidenceFor: readonly Argument[];
  readonly evidenceAgainst: readonly Argument[];
}

/** A series that moves with the violated one. */
export interface RelatedSeries {
  readonly service: string;
  readonly replica: string | undefined;
  readonly metric: string;
  readonly correlation: number;
  /** Positive: it leads the violated series. */
  readonly lagMs: number;
  readonly falseDiscoveryRate: number;
  readonly confidence: CorrelationConfidence;
  /** Leading and simultaneous ones may be causes; a consequence lags, an improvement got better. */
  readonly role: 'leading' | 'simultaneous' | 'consequence' | 'improvement';
}

/** Something that happened, for people. */
export interface TimelineLine {
  readonly atMs: number;
  readonly kind: 'change' | 'metric' | 'onset' | 'incident' | 'step' | 'diagnostic';
  readonly text: string;
}

/** What to do, in order; `status` is kept by who stores the report. */
export interface Recommendation {
  /** Stable within the report: `r1`, `r2`, … */
  readonly id: string;
  readonly text: string;
  /** Which hypothesis asks for it. */
  readonly because: HypothesisKind | 'missing-evidence';
  readonly priority: 'now' | 'later';
  readonly status: 'open' | 'accepted' | 'done' | 'dismissed';
}

/** A series worth showing, thinned to what a small picture needs. */
export interface PicturedSeries {
  readonly label: string;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** An earlier incident that was like this one; `similarity` is 0..1. */
export interface SimilarIncident {
  readonly incidentId: string;
  readonly runId: string;
  readonly atMs: number;
  readonly probableCause: string;
  readonly similarity: number;
}

/** The result of an analysis. Plain data, JSON-able; `version` grows when fields change their meaning. */
export interface RootCauseReport {
  readonly version: 1;
  readonly incident: IncidentEvidence['incident'];
  readonly onsetMs: number;
  /** One short sentence. */
  readonly summary: string;
  /** Undefined where the cause is undetermined. */
  readonly probableCause: RatedHypothesis | undefined;
  readonly isConfident: boolean;
  /** All hypotheses, the likeliest first; with `undetermined` they sum to 1. */
  readonly hypotheses: readonly RatedHypothesis[];
  readonly undetermined: number;
  readonly rankedCauses: readonly RankedCause[];
  /** Who depends on whom, configured and derived. */
  readonly topology: readonly CallEdge[];
  readonly related: readonly RelatedSeries[];
  readonly insights: readonly string[];
  readonly prevention: readonly string[];
  /** At most ten. */
  readonly recommendations: readonly Recommendation[];
  readonly timeline: readonly TimelineLine[];
  readonly pictures: readonly PicturedSeries[];
  readonly missing: readonly string[];
  /** What it was like, in comparable words. */
  readonly features: readonly string[];
  /** Filled in by who knows the archive. */
  readonly similar: readonly SimilarIncident[];
}
