import type { ChangeEvent } from './ports.js';
import type { Page } from './page.js';

/** States that a recommendation goes through; any may follow any. */
export const RECOMMENDATION_STATES = ['open', 'accepted', 'done', 'dismissed'] as const;
export type RecommendationState = (typeof RECOMMENDATION_STATES)[number];

/** What is known of a report without reading it. */
export interface ReportSummary {
  readonly id: string;
  readonly incidentId: string;
  readonly runId: string;
  readonly createdAtMs: number;
  readonly service: string;
  /** In words. */
  readonly probableCause: string;
  /** The kind of cause, or `undetermined`. */
  readonly category: string;
  /** Of that category, 0 to 1. */
  readonly likelihood: number;
  readonly isConfident: boolean;
  /** What the incident was like, for finding similar ones; see `featuresOf`. */
  readonly features: readonly string[];
}

/** A root cause report as stored: `body` is the report's JSON, `markdown` its postmortem. */
export interface ReportRecord extends ReportSummary {
  readonly body: string;
  readonly markdown: string;
}

/** Something that a report asks people to do, and what became of it. */
export interface RecommendationRecord {
  readonly id: string;
  readonly incidentId: string;
  readonly reportId: string;
  readonly text: string;
  /** Which kind of cause asks for it, or `missing-evidence`. */
  readonly category: string;
  readonly priority: 'now' | 'later';
  readonly state: RecommendationState;
  readonly createdAtMs: number;
  /** Who decided, why and when; undefined while it is open and nobody did. */
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly atMs: number | undefined;
}

/** A person's decision on a recommendation. */
export interface RecommendationDecision {
  readonly id: string;
  readonly state: RecommendationState;
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** A change that was told or made: of two of one id the first stays. */
export interface ChangeRecord extends ChangeEvent {
  readonly id: string;
  /** Who made or told it. */
  readonly by: string;
}

/** What came of one drill; `body` is its JSON. */
export interface DrillRecord {
  readonly id: string;
  readonly atMs: number;
  readonly fault: string;
  readonly isRight: boolean;
  readonly body: string;
}

/** Which recommendations; fields left undefined match everything. */
export interface RecommendationQuery {
  readonly states?: readonly RecommendationState[] | undefined;
  readonly incidentId?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** The part of the archive that analyses write. Rules and errors are those of `Archive`. */
export interface RcaArchive {
  putReport(report: ReportRecord): Promise<void>;
  report(incidentId: string, runId?: string): Promise<ReportRecord | undefined>;
  reportById(id: string): Promise<ReportRecord | undefined>;
  /** Newest first. */
  reports(query: {
    readonly limit: number;
    readonly after?: string | undefined;
    readonly service?: string | undefined;
    readonly sinceMs?: number | undefined;
  }): Promise<Page<ReportSummary>>;
  /** Writes a report's recommendations; one that a person has decided on stays as it is. */
  putRecommendations(records: readonly RecommendationRecord[]): Promise<void>;
  /** Newest first. */
  recommendations(query: RecommendationQuery): Promise<Page<RecommendationRecord>>;
  /** Returns it as it is then; undefined when there is none of that id. */
  decideRecommendation(decision: RecommendationDecision): Promise<RecommendationRecord | undefined>;
  putChange(change: ChangeRecord): Promise<void>;
  /** Of a service, those of all services (`*`) among them; or of any. `[fromMs, toMs]` inclusive, newest first, at most `limit`. */
  changes(query: {
    readonly service?: string | undefined;
    readonly fromMs: number;
    readonly toMs: number;
    readonly limit: number;
  }): Promise<readonly ChangeRecord[]>;
  putDrill(drill: DrillRecord): Promise<void>;
  /** Newest first. */
  drills(query: {
    readonly sinceMs: number;
    readonly limit: number;
  }): Promise<readonly DrillRecord[]>;
}
