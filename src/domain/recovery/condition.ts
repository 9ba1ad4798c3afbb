import { median } from './outlier.js';

/** A level that a metric must have for a procedure to go on. Values are in the metric's unit. */
export interface MetricCondition {
  readonly metric: string;
  /** Whose: the recovery's own target, or its whole service. */
  readonly of: 'target' | 'service';
  /** Strictly below, strictly above; one of them, or both for a band. */
  readonly below: number | undefined;
  readonly above: number | undefined;
  /** The median of so long a time is what counts. */
  readonly overMs: number;
}

/** A condition in words, as plans and refusals say it. */
export function conditionText({ metric, of, below, above, overMs }: MetricCondition): string {
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(' and ');
  return `${metric} of the ${of} ${bounds} over ${overMs / 1000} s`;
}

/**
 * Why a condition does not hold, or undefined when it does. Without samples it does not: what isn't
 * known must not let anything go on.
 */
export function unmetCondition(
  condition: MetricCondition,
  values: readonly number[],
): string | undefined {
  const text = conditionText(condition);
  if (values.length === 0) return `${text}: there are no samples`;
  const level = median(values);
  const { below, above } = condition;
  const holds = (below === undefined || level < below) && (above === undefined || level > above);
  return holds ? undefined : `${text}: it is ${level.toPrecision(4)}`;
}
