/**
 * What crosses the border between incidents, their recoveries and the rest: names, payloads, signals,
 * queries and search attributes.
 */
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { AuditRecord, IncidentState, Outcome } from '../domain/archive.js';
import type { Paged } from '../domain/monitor/alert.js';
import type { ActionName, ActionParameters, Autonomy } from '../domain/recovery/action.js';
import type { LeaseLimits } from '../domain/recovery/lease.js';
import type { Gate } from '../domain/recovery/procedure.js';
import type { StepState } from '../domain/recovery/step.js';
import type { VerificationRule } from '../domain/recovery/verification.js';
import type { Severity } from '../domain/sla/severity.js';
import type { Violation } from '../domain/sla/violation.js';
import type { RampStage, ReadyAhead } from './preparation-messages.js';

/** Task queue of everything on the way to an action. */
export const RECOVERY_QUEUE = 'recovery';

/**
 * After so long Temporal gives the task of an incident or a recovery, whose worker was killed in the
 * middle of it, to another worker (10 s by default, which would be most of the way to an action). Not
 * for those that never end: what another worker replays of them first is long.
 */
export const TASK_TIMEOUT = '5s';

/** Workflow id of the incident of a violation. */
export function incidentIdOf(fingerprint: string): string {
  return `incident:${fingerprint}`;
}

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Typed search attributes of incidents and recoveries; at most 10 keywords exist in a namespace. */
export const ATTRIBUTES = {
  service: keyword('Service'),
  replica: keyword('Replica'),
  threshold: keyword('Threshold'),
  violationType: keyword('ViolationType'),
  severity: keyword('Severity'),
  stage: keyword('Stage'),
  outcome: keyword('Outcome'),
  procedure: keyword('Procedure'),
  awaitingApproval: defineSearchAttributeKey('AwaitingApproval', 'BOOL'),
  rolledBack: defineSearchAttributeKey('RolledBack', 'BOOL'),
} as const;

/** The same by name and type, as the operator service registers them. */
export const SEARCH_ATTRIBUTES: Readonly<Record<string, 'Keyword' | 'Bool'>> = Object.fromEntries(
  Object.values(ATTRIBUTES).map((key) => [key.name, key.type === 'BOOL' ? 'Bool' : 'Keyword']),
);

/** The search attributes that say what is violated: every incident and recovery is started with them. */
export function attributesOf(violation: Violation): SearchAttributePair[] {
  const { service, replica, threshold, violationType, severity } = violation;
  return [
    { key: ATTRIBUTES.service, value: service },
    ...(replica === undefined ? [] : [{ key: ATTRIBUTES.replica, value: replica }]),
    { key: ATTRIBUTES.threshold, value: threshold },
    { key: ATTRIBUTES.violationType, value: violationType },
    { key: ATTRIBUTES.severity, value: severity },
  ];
}

/** What a recovery acts on. */
export interface Target {
  readonly service: string;
  readonly replica: string | undefined;
}

/** One step as planned: which action, on what, and what it may do unasked. */
export interface PlannedStep {
  readonly id: string;
  readonly action: ActionName;
  readonly target: Target;
  readonly autonomy: Autonomy;
  /** Time that its effect needs to show in the SLI. */
  readonly settleMs: number;
  /** Bound on one attempt. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** Why it has no undo, for actions that have none. */
  readonly irreversible: string | undefined;
  /** What the procedure tells the action; none where left out. */
  readonly parameters?: ActionParameters;
  /** Passed in order before it acts; none where left out. */
  readonly gates?: readonly Gate[];
  /** Once judged it stays: neither rolled back nor released. */
  readonly isKept?: boolean;
  /** One of those that are tried when the others did not help. */
  readonly isOnFailure?: boolean;
  /** Why what it did is no temporary mitigation, but stays when it helped. */
  readonly lasting?: string;
}

/** Where fresh samples come from when a step is judged, and by which rule. */
export interface VerificationPlan {
  readonly metric: string;
  readonly target: Target;
  readonly rule: VerificationRule;
  /** Longest wait for a verdict after the settle time. */
  readonly timeoutMs: number;
}

/** What to do about a violation, decided once, from the configuration in force. */
export interface RecoveryPlan {
  readonly procedure: string;
  readonly workflowType: string;
  readonly why: string;
  readonly steps: readonly PlannedStep[];
  readonly timeoutMs: number;
  readonly verification: VerificationPlan;
  readonly approvalTimeoutMs: number;
  /** What happens when nobody answers. */
  readonly onApprovalTimeout: 'skip' | 'approve' | 'rollback';
  /** Whether a rollback that nobody ordered asks first; unanswered, it goes on. */
  readonly asksBeforeRollback: boolean;
  readonly limits: LeaseLimits;
}

/** How the incident's other parts are bounded; from the configuration in force. */
export interface IncidentPolicy {
  /** How long the SLI must hold before a mitigation is released. */
  readonly releaseAfterMs: number;
  readonly limits: LeaseLimits;
}

/** Starts an incident: one small plain object. */
export interface IncidentInput {
  readonly violation: Violation;
  readonly source: 'detector' | 'api' | 'alertmanager';
  /** Base of links into Temporal's UI, `http://host:port/namespaces/NS`; empty for none. */
  readonly uiBase: string;
  /** More of what the source knows, in words. */
  readonly evidence: string | undefined;
  /** Set when people were told of it while Temporal was away. */
  readonly paged?: Paged;
}

/** What an incident ends with. */
export interface IncidentResult {
  readonly outcome: Outcome;
  readonly procedure: string | undefined;
  readonly probableCause: string | undefined;
}

/** Starts a recovery. */
export interface RecoveryInput {
  readonly incidentId: string;
  readonly violation: Violation;
  readonly plan: RecoveryPlan;
  readonly uiBase: string;
  /** Its first steps as they were looked at when the plan was made. */
  readonly ready?: ReadyAhead;
}

/** An effect that must be undone, or was kept: recorded before it was made. */
export interface OwedUndo {
  readonly step: PlannedStep;
  /** State before, as the action recorded it. */
  readonly before: unknown;
  /** State that it set. */
  readonly desired: unknown;
  /** In words, what undoing does. */
  readonly undoLine: string;
  /** States on the way back, for a release in steps; the undo itself is the last. */
  readonly ramp?: readonly RampStage[];
}

/** One step as it went. */
export interface StepReport {
  readonly id: string;
  readonly action: ActionName;
  readonly target: Target;
  readonly state: StepState;
  /** What it does or did, in words and exact calls, or why it was skipped. */
  readonly line: string;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Median of the SLI before and after, where it was judged. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** What a recovery ends with. `owed` are mitigations still in force, oldest first. */
export interface RecoveryResult {
  readonly outcome: Outcome;
  readonly detail: string;
  readonly steps: readonly StepReport[];
  readonly owed: readonly OwedUndo[];
  /** What happened since the last progress that its incident was told. */
  readonly rest?: Pick<RecoveryProgress, 'lines' | 'orders'>;
}

/** One line of a story. */
export interface StoryLine {
  readonly atMs: number;
  /** A stage word, see `TimelineEntry`. */
  readonly stage: string;
  readonly text: string;
}

/** Progress that a recovery tells its incident. */
export interface RecoveryProgress {
  readonly state: IncidentState;
  readonly steps: readonly StepReport[];
  readonly owed: readonly OwedUndo[];
  /** The step that waits for an approval, if any. */
  readonly waiting: ApprovalRequest | undefined;
  /** What happened since the last progress, in order. */
  readonly lines: readonly StoryLine[];
  /** Orders that were given to the recovery itself since then, for the audit. */
  readonly orders?: readonly AuditRecord[];
  /** Counts what is told: news that arrive after later ones tell of an earlier state. */
  readonly sequence?: number;
}

/** What an operator is asked. */
export interface ApprovalRequest {
  readonly kind: 'step' | 'rollback';
  readonly stepId: string;
  readonly line: string;
  readonly untilMs: number;
  readonly onTimeout: string;
}

/** State of an incident, for the CLI, the API and the Temporal UI. */
export interface IncidentView {
  readonly id: string;
  readonly runId: string;
  readonly state: IncidentState;
  readonly outcome: Outcome | undefined;
  readonly violation: Violation;
  readonly openedAtMs: number;
  readonly resolvedAtMs: number | undefined;
  readonly procedure: string | undefined;
  readonly why: string | undefined;
  readonly steps: readonly StepReport[];
  readonly owed: readonly OwedUndo[];
  readonly waiting: ApprovalRequest | undefined;
  readonly acknowledgedBy: string | undefined;
  readonly probableCause: string | undefined;
  /** The newest lines, with their number in the archive. */
  readonly timeline: readonly (StoryLine & { readonly sequence: number })[];
}

export const observedSignal =
  defineSignal<[{ severity: Severity; value: number; atMs: number; paged?: Paged }]>('observed');
export const resolvedSignal =
  defineSignal<[{ atMs: number; value: number; why: string }]>('resolved');
export const noDataSignal = defineSignal<[{ atMs: number }]>('no-data');
export const progressSignal = defineSignal<[RecoveryProgress]>('progress');
export const stateQuery = defineQuery<IncidentView>('state');
export const recoveryQuery = defineQuery<RecoveryProgress>('progress');
