import type { AuditRecord, IncidentRecord, TimelineEntry } from '../domain/archive.js';
import type { AlertRecord } from '../domain/monitor/alert-record.js';
import type { AlertPolicy } from '../domain/monitor/alert-book.js';
import type { EscalationPolicy } from '../domain/monitor/escalation.js';
import type { AlertAsk, Judgement } from '../domain/monitor/judge-alert.js';
import type { DeliveryRecord } from '../domain/notification.js';
import type { MetricCondition } from '../domain/recovery/condition.js';
import type { Verdict } from '../domain/recovery/verification.js';
import type { Violation } from '../domain/sla/violation.js';
import type { LeaseAnswer, LeaseRequest, TurnGivenBack } from '../workflows/lease-messages.js';
import type { Letter } from '../workflows/letter-messages.js';
import type {
  IncidentPolicy,
  OwedUndo,
  PlannedStep,
  RecoveryPlan,
  Target,
  VerificationPlan,
} from '../workflows/messages.js';
import type { Preparation, ReadyAhead } from '../workflows/preparation-messages.js';
import type { RcaAsk, RcaResult } from '../workflows/rca-messages.js';
import type { NotifyAsk, NotifyResult } from '../workflows/notify-messages.js';

/** What to do about a violation, or why nothing is to be done. */
export type PlanDecision = { readonly policy: IncidentPolicy } & (
  | { readonly kind: 'plan'; readonly plan: RecoveryPlan }
  | {
      readonly kind: 'none';
      readonly why: string;
      /** A procedure would fit, but for its prerequisites: they may be met later. */
      readonly isRefused?: boolean;
    }
);

/** The same, or that nothing acts by itself until then, or until the incident is woken. */
export type IncidentDecision = {
  /** What came of asking for the turn; undefined where that has to be done by signal. */
  readonly turn?: LeaseAnswer | undefined;
} & (
  | (PlanDecision & { readonly ready?: ReadyAhead | undefined })
  | {
      readonly kind: 'hold';
      readonly policy: IncidentPolicy;
      readonly why: string;
      readonly untilMs: number;
    }
);

/** What the workers of all queues that run workflows do for them. */
export interface PostActivities {
  /** Delivers a signal once, however often it is tried; fails for good where nobody is there. */
  deliver(letter: Letter): Promise<void>;
}

/** What the recovery queue's workers do for workflows. */
export interface RecoveryActivities {
  /** With a plan it asks for the turn as well, and where that is granted looks at the first steps. */
  planIncident(ask: {
    violation: Violation;
    tried: readonly string[];
    requestId: string;
  }): Promise<IncidentDecision>;
  /** Asks for a turn; undefined where that has to be done by signal. */
  askTurn(request: LeaseRequest): Promise<LeaseAnswer | undefined>;
  /** Gives a turn back; one that nobody knows of is none. */
  giveTurn(turn: TurnGivenBack): Promise<void>;
  /** Starts the lease workflow where it does not run. */
  ensureLease(): Promise<void>;
  prepareStep(ask: { violation: Violation; step: PlannedStep }): Promise<Preparation>;
  /**
   * Returns in words what it changed. Absolute and fenced: repeated or late, it changes nothing. The
   * news are delivered before it acts; nobody being there does not keep it from acting.
   */
  applyStep(ask: {
    step: PlannedStep;
    prepared: Pick<OwedUndo, 'before' | 'desired'>;
    operationId: string;
    news?: Letter;
  }): Promise<string>;
  undoStep(ask: { owed: OwedUndo; operationId: string }): Promise<string>;
  /** Waits for samples after `sinceMs` until they tell, at most until `untilMs`. */
  verifyStep(ask: {
    verification: VerificationPlan;
    sinceMs: number;
    untilMs: number;
  }): Promise<Verdict>;
  /** Waits until a gate's condition holds, at most until `untilMs`; then says why it does not. */
  awaitCondition(ask: {
    condition: MetricCondition;
    target: Target;
    untilMs: number;
  }): Promise<{ unmet: string | undefined }>;
  record(ask: {
    incident: IncidentRecord;
    timeline: readonly TimelineEntry[];
    audit: readonly AuditRecord[];
  }): Promise<void>;
  /** The requests whose holder's run has ended. */
  findEndedHolders(requests: readonly LeaseRequest[]): Promise<string[]>;
}

/** How alerts are decided and whom they reach; from the configuration. */
export interface Alerting {
  readonly policy: AlertPolicy;
  readonly escalation: EscalationPolicy;
  /** Base of links into the API, without a slash at its end. */
  readonly publicUrl: string;
}

/** What the alerts of an incident need; on the recovery queue. */
export interface AlertActivities {
  alertSettings(): Promise<Alerting>;
  /** Asks the monitor, which is started where it does not run. */
  judgeAlert(ask: AlertAsk): Promise<Judgement>;
  recordAlert(record: AlertRecord): Promise<void>;
  hasIncidentEnded(run: { incidentId: string; runId: string }): Promise<boolean>;
}

/** What the rca queue's workers do. */
export interface RcaActivities {
  captureEvidence(ask: {
    incidentId: string;
    incidentRunId: string;
    violation: Violation;
  }): Promise<void>;
  analyseIncident(ask: RcaAsk): Promise<RcaResult>;
}

/** What the notify queue's workers do for the dead-man's switch. */
export interface HeartbeatActivities {
  /** Tells the switch, if all works; in how many ms it is due again, undefined for never. */
  beat(): Promise<{ readonly nextAfterMs: number | undefined }>;
}

/** What the notify queue's workers do. */
export interface NotifyActivities {
  /**
   * Delivers one notification to one channel. A failure that is final carries a `NotifyFailure` as
   * its first detail.
   */
  notify(ask: NotifyAsk): Promise<NotifyResult>;
  /** Writes down how a delivery ended, where the delivery itself could not. */
  recordDelivery(delivery: DeliveryRecord): Promise<void>;
}
