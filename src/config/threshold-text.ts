import type { Threshold } from '../domain/sla/threshold.js';
import { durationText } from './duration.js';
import { thresholdsSchema } from './threshold-schema.js';

/** What came of reading thresholds: all of them, or every mistake with its path. */
export type ReadThresholds =
  | { readonly status: 'read'; readonly thresholds: readonly Threshold[] }
  | {
      readonly status: 'refused';
      readonly problems: readonly { readonly path: string; readonly message: string }[];
    };

/** Reads a list of thresholds, each as the config writes it (see `thresholdText`), from JSON. */
export function readThresholds(given: readonly unknown[]): ReadThresholds {
  const result = thresholdsSchema.safeParse(given);
  if (result.success) return { status: 'read', thresholds: result.data };
  return {
    status: 'refused',
    problems: result.error.issues.map(({ path, message, ...issue }) => ({
      path: path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join(''),
      message:
        issue.code === 'unrecognized_keys' ? `unknown key ${issue.keys.join(', ')}` : message,
    })),
  };
}

/** A threshold as the config and the API write it: `readThresholds` reads it back to the same. */
export function thresholdText(threshold: Threshold) {
  const { tolerancePercent, windowMs, sustainedPercent, minDemandPerSecond, ...rest } = threshold;
  return {
    ...rest,
    tolerance: `${tolerancePercent}%`,
    window: durationText(windowMs),
    sustained: `${sustainedPercent}%`,
    ...(minDemandPerSecond === undefined ? {} : { minDemandPerSecond }),
  };
}
