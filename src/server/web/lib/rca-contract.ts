/** What the API answers of causes, as far as the page reads it; see contract.ts. */

/** What speaks for or against a hypothesis. */
export interface Argument {
  readonly text: string;
  readonly weight: number;
}

/** A hypothesis with its likelihood, 0..1. */
export interface Hypothesis {
  readonly kind: string;
  readonly title: string;
  readonly probability: number;
  readonly mechanism?: string | null;
  readonly service: string;
  readonly replica?: string | null;
  readonly metric?: string | null;
  readonly evidenceFor: readonly Argument[];
  readonly evidenceAgainst: readonly Argument[];
}

/** A series that moves with the violated one; a positive lag leads it. */
export interface Related {
  readonly service: string;
  readonly replica?: string | null;
  readonly metric: string;
  readonly correlation: number;
  readonly lagMs: number;
  readonly falseDiscoveryRate: number;
  readonly confidence: string;
  readonly role: string;
}

/** An earlier incident like this one. */
export interface Similar {
  readonly incidentId: string;
  readonly similarity?: number;
  readonly score?: number;
  readonly openedAt?: string | null;
  readonly at?: string | null;
  readonly probableCause?: string | null;
  readonly outcome?: string | null;
  readonly why?: string | null;
}

/** The body of a root cause report. */
export interface Report {
  readonly summary: string;
  readonly isConfident: boolean;
  readonly onsetMs: number;
  readonly probableCause?: Hypothesis | null;
  readonly hypotheses: readonly Hypothesis[];
  readonly undetermined: number;
  readonly related: readonly Related[];
  readonly insights: readonly string[];
  readonly prevention: readonly string[];
  readonly recommendations: readonly {
    readonly id: string;
    readonly text: string;
    readonly priority: string;
  }[];
  readonly timeline: readonly {
    readonly atMs: number;
    readonly kind: string;
    readonly text: string;
  }[];
  readonly missing: readonly string[];
  readonly similar?: readonly Similar[];
}

/** What a person should do, and how far it is. */
export interface Recommendation {
  readonly id: string;
  readonly incidentId: string;
  readonly reportId: string;
  readonly text: string;
  readonly category: string;
  readonly state: string;
  readonly by: string | null;
  readonly at: string | null;
}

/** Something that somebody or something changed. */
export interface Change {
  readonly at: string;
  readonly service: string;
  readonly replica: string | null;
  readonly kind: string;
  readonly summary: string;
}

/** `GET /v1/rca/statistics`, as far as it is shown. */
export interface RcaStatistics {
  readonly reports: number;
  readonly byCategory: readonly { readonly category: string; readonly count: number }[];
  readonly confidence: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
  }[];
  readonly drills: { readonly total: number; readonly right: number };
}
