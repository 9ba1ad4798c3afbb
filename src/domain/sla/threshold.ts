/** The kinds of violation, in the words of the design document. */
export const VIOLATION_TYPES = [
  'latency_breach',
  'throughput_degradation',
  'error_rate_spike',
  'availability_loss',
  'resource_exhaustion',
  'performance_regression',
] as const;
export type ViolationType = (typeof VIOLATION_TYPES)[number];

/** `upper`: values above the limit are breaches; `lower`: values below it. */
export type Direction = 'upper' | 'lower';

/**
 * A service level threshold: what is measured, how far it may go, and for how long.
 *
 * `target` is in `unit`. `tolerancePercent` widens it (see `limitOf`). `windowMs` is the window over
 * which `sustainedPercent` of the samples must be beyond the limit. Direction and violation type are
 * declared, never guessed from the metric's name.
 */
export interface Threshold {
  /** Unique; the stable part of the violation's fingerprint. */
  readonly name: string;
  /** The SLI it judges, e.g. `request_latency_p95`. */
  readonly metric: string;
  readonly target: number;
  readonly tolerancePercent: number;
  readonly direction: Direction;
  readonly unit: string;
  readonly windowMs: number;
  readonly sustainedPercent: number;
  readonly violationType: ViolationType;
  readonly enabled: boolean;
  /** Least demand (requests per second) under which a sample is no evidence, or undefined for no gate. */
  readonly minDemandPerSecond: number | undefined;
  /**
   * `service`: judged by the service's own series alone. For what adds up over replicas, such as tokens
   * per second: no share of a service's target can be asked of one of them. Left out: both are judged.
   */
  readonly scope?: 'service';
}

/** The value beyond which a sample is a breach: target × (1 ± tolerance), in the threshold's unit. */
export function limitOf(
  threshold: Pick<Threshold, 'target' | 'tolerancePercent' | 'direction'>,
): number {
  const share = threshold.tolerancePercent / 100;
  return threshold.target * (threshold.direction === 'upper' ? 1 + share : 1 - share);
}

const MINUTE = 60_000;

function preset(
  metric: string,
  target: number,
  tolerancePercent: number,
  windowMinutes: number,
  unit: string,
  violationType: ViolationType,
  rest: Partial<Threshold> = {},
): Threshold {
  return {
    name: metric,
    metric,
    target,
    tolerancePercent,
    direction: 'upper',
    unit,
    windowMs: windowMinutes * MINUTE,
    sustainedPercent: 80,
    violationType,
    enabled: true,
    minDemandPerSecond: undefined,
    ...rest,
  };
}

/** The seven thresholds of the design document, with its constants. */
export const DEFAULT_THRESHOLDS: readonly Threshold[] = [
  preset('request_latency_p95', 200, 25, 5, 'ms', 'latency_breach'),
  preset('request_latency_p99', 500, 50, 5, 'ms', 'latency_breach'),
  preset('tokens_per_second', 100, 20, 3, 'tokens/s', 'throughput_degradation', {
    direction: 'lower',
    // An idle fleet makes no tokens and breaks no promise; the value is one request in ten seconds.
    minDemandPerSecond: 0.1,
  }),
  // ≥ 200 requests in a 5 min window are needed to tell 0.5 % from chance: 0.67 requests per second.
  preset('error_rate_percent', 0.1, 400, 5, '%', 'error_rate_spike', { minDemandPerSecond: 0.67 }),
  preset('gpu_utilization_percent', 85, 10, 10, '%', 'resource_exhaustion'),
  preset('kv_cache_usage_percent', 80, 20, 5, '%', 'resource_exhaustion'),
  preset('echo_evolution_convergence', 0.85, 15, 15, 'ratio', 'throughput_degradation', {
    direction: 'lower',
  }),
];
