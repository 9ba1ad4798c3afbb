import { severityRank, type Severity } from '../sla/severity.js';
import type { ViolationType } from '../sla/threshold.js';
import type { Violation } from '../sla/violation.js';
import type { ActionName } from './action.js';

/** Ordered actions against one kind of violation, with its limits. */
export interface Procedure {
  readonly name: string;
  /** The workflow type that runs it: operators filter by it in Temporal's UI. */
  readonly workflowType: string;
  readonly actions: readonly ActionName[];
  /** Tried, by approval, when the actions did not help. */
  readonly onFailure: readonly ActionName[];
  /** From the first step to the last verification; then it is rolled back. */
  readonly timeoutMs: number;
  /** Retries of one action after its first attempt. */
  readonly retries: number;
  readonly leastSeverity: Severity;
  readonly violationTypes: readonly ViolationType[];
  /** Where given, only violations of these metrics. */
  readonly metrics: readonly string[] | undefined;
  readonly isEnabled: boolean;
}

const SECOND = 1000;

/** The five procedures of the design document, with its actions, timeouts, retries and severities. */
export const DEFAULT_PROCEDURES: readonly Procedure[] = [
  {
    name: 'latency_spike',
    workflowType: 'latencySpikeRecovery',
    actions: ['cache_invalidation', 'load_balancer_adjust', 'traffic_routing'],
    onFailure: [],
    timeoutMs: 180 * SECOND,
    retries: 2,
    leastSeverity: 'major',
    violationTypes: ['latency_breach', 'performance_regression'],
    metrics: undefined,
    isEnabled: true,
  },
  {
    name: 'throughput_degradation',
    workflowType: 'throughputDegradationRecovery',
    actions: ['scale_resources', 'load_balancer_adjust', 'cache_invalidation'],
    onFailure: [],
    timeoutMs: 300 * SECOND,
    retries: 3,
    leastSeverity: 'major',
    violationTypes: ['throughput_degradation'],
    metrics: undefined,
    isEnabled: true,
  },
  {
    name: 'error_rate_spike',
    workflowType: 'errorRateSpikeRecovery',
    actions: ['circuit_breaker_open', 'health_check_reset', 'restart_service'],
    onFailure: ['deployment_rollback'],
    timeoutMs: 240 * SECOND,
    retries: 2,
    leastSeverity: 'minor',
    violationTypes: ['error_rate_spike', 'availability_loss'],
    metrics: undefined,
    isEnabled: true,
  },
  {
    name: 'resource_exhaustion',
    workflowType: 'resourceExhaustionRecovery',
    actions: ['scale_resources', 'cache_invalidation', 'traffic_routing'],
    onFailure: [],
    timeoutMs: 300 * SECOND,
    retries: 2,
    leastSeverity: 'major',
    violationTypes: ['resource_exhaustion'],
    metrics: undefined,
    isEnabled: true,
  },
  {
    name: 'critical_system',
    workflowType: 'criticalSystemRecovery',
    actions: ['circuit_breaker_open', 'traffic_routing', 'restart_service', 'deployment_rollback'],
    onFailure: [],
    timeoutMs: 600 * SECOND,
    retries: 1,
    leastSeverity: 'critical',
    violationTypes: [
      'latency_breach',
      'throughput_degradation',
      'error_rate_spike',
      'availability_loss',
      'resource_exhaustion',
      'performance_regression',
    ],
    metrics: undefined,
    isEnabled: true,
  },
];

/** The last resort, whatever was violated. */
const LAST_RESORT = 'critical_system';

/** Which procedure is to run, or why none is. */
export type Choice =
  | { readonly kind: 'chosen'; readonly procedure: Procedure; readonly why: string }
  | { readonly kind: 'none'; readonly why: string };

/**
 * Chooses by violation type (and metric, where a procedure names some: those come first), then by
 * severity. `tried` are procedures that already ran for this incident without success: none is
 * repeated. The last resort is for critical violations only.
 */
export function chooseProcedure(
  violation: Pick<Violation, 'violationType' | 'metric' | 'severity'>,
  procedures: readonly Procedure[],
  tried: readonly string[] = [],
): Choice {
  const rank = severityRank(violation.severity);
  const fitting = procedures.filter(
    (p) =>
      p.isEnabled &&
      p.violationTypes.includes(violation.violationType) &&
      (p.metrics === undefined || p.metrics.includes(violation.metric)),
  );
  const ordered = [
    ...fitting.filter((p) => p.name !== LAST_RESORT && p.metrics !== undefined),
    ...fitting.filter((p) => p.name !== LAST_RESORT && p.metrics === undefined),
    ...fitting.filter((p) => p.name === LAST_RESORT),
  ];
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
