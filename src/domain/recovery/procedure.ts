import { severityRank, type Severity } from '../sla/severity.js';
import type { ViolationType } from '../sla/threshold.js';
import type { Violation } from '../sla/violation.js';
import type { ActionName, ActionParameters, Autonomy } from './action.js';
import { conditionText, type MetricCondition } from './condition.js';
import { NO_PREREQUISITES, type Prerequisites } from './prerequisites.js';
import type { VerificationRule } from './verification.js';

/**
 * What stands before a step: it waits, looks whether a metric allows the step, or asks a person.
 * `stop` ends the procedure's steps there, `skip` leaves the one step out.
 */
export type Gate =
  | { readonly kind: 'wait'; readonly forMs: number }
  | {
      readonly kind: 'require';
      readonly condition: MetricCondition;
      /** How long it is waited for that the condition holds; 0 for one look. */
      readonly withinMs: number;
      readonly otherwise: 'stop' | 'skip';
    }
  | {
      readonly kind: 'ask';
      readonly question: string;
      readonly timeoutMs: number;
      /** When nobody answers in time, or the answer is no. */
      readonly onTimeout: 'proceed' | 'skip' | 'stop';
    };

/** A gate in words, as plans say it. */
export function gateText(gate: Gate): string {
  switch (gate.kind) {
    case 'wait':
      return `wait ${gate.forMs / 1000} s`;
    case 'require': {
      const within = gate.withinMs > 0 ? ` within ${gate.withinMs / 1000} s` : '';
      return `require ${conditionText(gate.condition)}${within}, or else ${gate.otherwise}`;
    }
    case 'ask':
      return `ask “${gate.question}”; after ${gate.timeoutMs / 1000} s without an answer: ${gate.onTimeout}`;
  }
}

/** One action of a procedure. What is undefined is as the action, the procedure or the policy has it. */
export interface ProcedureStep {
  readonly action: ActionName;
  readonly parameters: ActionParameters;
  /** Milder than the policy's at most: a procedure allows itself nothing. */
  readonly autonomy: Autonomy | undefined;
  /** Retries after the first attempt. */
  readonly retries: number | undefined;
  /** Bound on one attempt. */
  readonly timeoutMs: number | undefined;
  /** Time that its effect takes beyond the SLI's own window. */
  readonly settleMs: number | undefined;
  /** Once it was judged and did not make things worse, it stays: neither rolled back nor released. */
  readonly isKept: boolean;
  /** Passed in order before it acts. */
  readonly gates: readonly Gate[];
}

/** Ordered actions against one kind of violation, with its limits. */
export interface Procedure {
  readonly name: string;
  /** For people. */
  readonly description: string;
  /** The workflow type that runs it: operators filter by it in Temporal's UI. */
  readonly workflowType: string;
  readonly steps: readonly ProcedureStep[];
  /** Tried when the steps did not help, or a gate stopped them. */
  readonly onFailure: readonly ProcedureStep[];
  /** From the first step to the last verification; then it is rolled back. */
  readonly timeoutMs: number;
  /** Retries of one action after its first attempt. */
  readonly retries: number;
  readonly leastSeverity: Severity;
  readonly violationTypes: readonly ViolationType[];
  /** Where given, only violations of these metrics. */
  readonly metrics: readonly string[] | undefined;
  /** Where given, only violations of these services. */
  readonly services: readonly string[] | undefined;
  readonly prerequisites: Prerequisites;
  /** What of the policy's verification it overrides. */
  readonly verification: ProcedureVerification;
  readonly isEnabled: boolean;
}

/** A procedure's own figures for judging its steps; the policy's where undefined. */
export interface ProcedureVerification {
  readonly minSamples?: VerificationRule['minSamples'] | undefined;
  readonly compliantPercent?: VerificationRule['compliantPercent'] | undefined;
  readonly holdMs?: VerificationRule['holdMs'] | undefined;
  readonly worsePercent?: VerificationRule['worsePercent'] | undefined;
  readonly timeoutMs?: number | undefined;
}

/** An action as a step, with nothing overridden. */
export function plainStep(action: ActionName): ProcedureStep {
  return {
    action,
    parameters: {},
    ...{ autonomy: undefined, retries: undefined, timeoutMs: undefined, settleMs: undefined },
    isKept: false,
    gates: [],
  };
}

/** A procedure in code: its steps by their actions' names, and what is as usual left out. */
export function defineProcedure(
  given: Omit<
    Procedure,
    | 'steps'
    | 'onFailure'
    | 'metrics'
    | 'services'
    | 'prerequisites'
    | 'verification'
    | 'isEnabled'
    | 'workflowType'
  > & {
    readonly steps: readonly (ActionName | ProcedureStep)[];
    readonly onFailure?: readonly (ActionName | ProcedureStep)[];
  } & Partial<
      Pick<
        Procedure,
        'metrics' | 'services' | 'prerequisites' | 'verification' | 'isEnabled' | 'workflowType'
      >
    >,
): Procedure {
  const stepOf = (step: ActionName | ProcedureStep) =>
    typeof step === 'string' ? plainStep(step) : step;
  return {
    workflowType: CUSTOM_WORKFLOW,
    metrics: undefined,
    services: undefined,
    prerequisites: NO_PREREQUISITES,
    verification: {},
    isEnabled: true,
    ...given,
    steps: given.steps.map(stepOf),
    onFailure: (given.onFailure ?? []).map(stepOf),
  };
}

/** What runs a procedure that has no workflow type of its own. */
export const CUSTOM_WORKFLOW = 'customRecovery';

/** The last resort, whatever was violated. */
const LAST_RESORT = 'critical_system';

/** Which procedure is to run, or why none is. */
export type Choice =
  | { readonly kind: 'chosen'; readonly procedure: Procedure; readonly why: string }
  | { readonly kind: 'none'; readonly why: string };

/**
 * Chooses by violation type, metric and service (the narrowest procedure comes first, then the list's
 * order), then by severity. `tried` are procedures that already ran for this incident without success: none is
 * repeated. The last resort is for critical violations only.
 */
export function chooseProcedure(
  violation: Pick<Violation, 'violationType' | 'metric' | 'severity' | 'service'>,
  procedures: readonly Procedure[],
  tried: readonly string[] = [],
): Choice {
  const rank = severityRank(violation.severity);
  const fitting = procedures.filter(
    (p) =>
      p.isEnabled &&
      p.violationTypes.includes(violation.violationType) &&
      (p.metrics?.includes(violation.metric) ?? true) &&
      (p.services?.includes(violation.service) ?? true),
  );
  const narrowness = (p: Procedure) =>
    p.name === LAST_RESORT
      ? -1
      : Number(p.metrics !== undefined) + Number(p.services !== undefined);
  // Stable: among equally narrow ones the configuration's order decides.
  const ordered = [...fitting].sort((a, b) => narrowness(b) - narrowness(a));
  const untried = ordered.filter((p) => !tried.includes(p.name));
  const grave = untried.find((p) => rank >= severityRank(p.leastSeverity));
  if (grave !== undefined) {
    const after = tried.length > 0 ? `, after ${tried.join(', ')} did not help` : '';
    return {
      kind: 'chosen',
      procedure: grave,
      why: `${violation.violationType} of ${violation.metric}, ${violation.severity}${after}`,
    };
  }
  if (fitting.length === 0) {
    return {
      kind: 'none',
      why: `no enabled procedure is for ${violation.violationType} of ${violation.metric}`,
    };
  }
  if (untried.length === 0) {
    return { kind: 'none', why: `every procedure for it was tried: ${tried.join(', ')}` };
  }
  return {
    kind: 'none',
    why: `${violation.severity} is below the least severity of ${untried.map((p) => `${p.name} (${p.leastSeverity})`).join(', ')}`,
  };
}
