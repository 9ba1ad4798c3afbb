/**
 * The API's answers, as far as the page reads them: lists and parts that a server may not have yet are
 * optional, so that an older server shows less instead of nothing. Instants are ISO 8601, absent is null.
 */

/** A step of a recovery. */
export interface Step {
  readonly id: string;
  readonly action: string;
  readonly target: { readonly service: string; readonly replica?: string | null };
  readonly state: string;
  readonly line: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly before?: number | null;
  readonly after?: number | null;
}

/** An incident in a list. */
export interface Incident {
  readonly id: string;
  readonly runId: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly service: string;
  readonly replica: string | null;
  readonly threshold: string;
  readonly violationType: string;
  readonly severity: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly openedAt: string | null;
  readonly resolvedAt: string | null;
  readonly procedure: string | null;
  readonly probableCause: string | null;
}

/** What an operator is asked. */
export interface Waiting {
  readonly kind: 'step' | 'rollback';
  readonly stepId: string;
  readonly line: string;
  readonly until: string | null;
  readonly onTimeout: string;
}

/** One line of an incident's story. */
export interface StoryLine {
  readonly at: string | null;
  readonly stage: string;
  readonly text: string;
}

/** One incident with all that is known. */
export interface IncidentDetail extends Incident {
  readonly why: string | null;
  readonly acknowledgedBy: string | null;
  readonly steps: readonly Step[];
  readonly owed: readonly {
    readonly step: string;
    readonly action: string;
    readonly undo: string;
  }[];
  readonly waiting: Waiting | null;
  readonly timeline: readonly StoryLine[];
  readonly uiUrl: string;
}

/** Who stopped all actions, and why. */
export interface KillSwitch {
  readonly isOn: boolean;
  readonly by: string;
  readonly reason: string;
  readonly at?: string | null;
}

/** `GET /v1/session`. */
export interface Session {
  readonly name: string | null;
  readonly role: string | null;
  /** `local`: everybody on loopback, where nobody has to sign in. */
  readonly via: string | null;
}

/** `GET /v1/mode`. */
export interface Mode {
  readonly mode: string;
  readonly since?: string | null;
  readonly why?: string | null;
  readonly killSwitch?: KillSwitch | null;
  readonly maintenance?: {
    readonly until: string | null;
    readonly by: string;
    readonly reason: string;
  } | null;
}

/** `GET /health/production`. */
export interface Health {
  readonly status: 'healthy' | 'degraded' | 'critical';
  readonly sla_compliance: number;
  readonly active_violations: number;
  readonly circuit_breakers: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

/** `GET /metrics/summary`. */
export interface Summary {
  readonly monitoring_mode: string;
  readonly total_alerts_24h: number;
  readonly recovery_success_rate: number;
  readonly rca_analyses_24h: number;
}

/** A breaker. */
export interface Breaker {
  readonly id: string;
  readonly service: string;
  readonly replica: string | null;
  readonly kind: string;
  readonly state: string;
  readonly failures: number;
  readonly successes: number;
  readonly failedTrials: number;
  readonly openedAt: string | null;
  readonly until: string | null;
  readonly reason: string | null;
  readonly by: string | null;
}

/** Something that was worth telling, and how it went out. */
export interface Alert {
  readonly id: string;
  readonly incidentId: string | null;
  readonly kind: string;
  readonly severity: string;
  readonly title: string;
  readonly text: string;
  readonly at: string;
  readonly state: string;
  readonly escalationLevel: number;
  readonly acknowledgedBy: string | null;
  readonly deliveries?: readonly {
    readonly channel: string;
    readonly state: string;
    readonly attempts: number;
    readonly error: string | null;
  }[];
}

/** One threshold in one service. */
export interface SlaThreshold {
  readonly name: string;
  readonly metric: string;
  readonly service: string;
  readonly replica: string | null;
  readonly unit: string;
  readonly direction: 'upper' | 'lower';
  readonly target: number;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly value: number | null;
  readonly valueAt: string | null;
  readonly compliancePercent: number | null;
  readonly coverage: { readonly status: string; readonly text: string } | null;
  readonly worsePercent: number | null;
  readonly recent: {
    readonly from: string;
    readonly stepSeconds: number;
    readonly values: readonly (number | null)[];
  } | null;
  readonly budget?: {
    readonly remainingPercent: number | null;
    readonly burnRates?: readonly { readonly window: string; readonly rate: number }[];
  } | null;
  readonly forecast?: { readonly breachInSeconds: number | null } | null;
}

/** An open violation. */
export interface ActiveViolation {
  readonly fingerprint: string;
  readonly service: string;
  readonly replica: string | null;
  readonly threshold: string;
  readonly metric: string;
  readonly violationType: string;
  readonly severity: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly startedAt: string;
}

/** A row of the heat map: shares of breaching samples, 0..1, null without samples. */
export interface HeatRow {
  readonly service?: string;
  readonly threshold?: string;
  readonly metric: string;
  readonly cells: readonly (number | null)[];
}

/** `GET /v1/sla`. */
export interface Sla {
  readonly at: string;
  readonly compliancePercent: number;
  readonly active: readonly ActiveViolation[];
  readonly last24h: {
    readonly total?: number;
    readonly bySeverity: Readonly<Record<string, number>>;
    readonly byType: Readonly<Record<string, number>>;
  };
  readonly thresholds: readonly SlaThreshold[];
  readonly heatMap: {
    readonly from?: string;
    readonly bucketSeconds: number;
    readonly rows: readonly HeatRow[];
  };
  readonly trend: readonly { readonly at: string; readonly count: number }[];
}

/** A series of an incident. */
export interface Series {
  readonly service: string;
  readonly replica: string | null;
  readonly metric: string;
  readonly unit: string | null;
  readonly limit: number | null;
  readonly points: readonly (readonly [number, number])[];
}

/** `GET /v1/incidents/ID/series`. */
export interface IncidentSeries {
  readonly series: readonly Series[];
  readonly marks: readonly { readonly at: string; readonly stage: string; readonly text: string }[];
}
