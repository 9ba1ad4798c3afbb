import { z } from 'zod';
import { DEFAULT_SLA_POLICY, type SlaPolicy } from '../domain/sla/policy.js';
import { duration, durationOrZero, durationText } from './duration.js';

const SHARE = 'expected a share like "80%", from 0% to 100%';
/** A share as the config writes it, `80%`; the number of percent. */
const percent = z
  .string(SHARE)
  .regex(/^(100|\d{1,2})(\.\d+)?%$/, SHARE)
  .transform((text) => Number.parseFloat(text))
  .refine((value) => value <= 100, SHARE);

const MINUTE_MS = 60_000;
const wholeMinutes = duration.refine(
  (lengthMs) => lengthMs % MINUTE_MS === 0,
  'expected whole minutes, like "15m"',
);

const shipped = DEFAULT_SLA_POLICY;
const minutesText = (minutes: number) => durationText(minutes * MINUTE_MS);

/** How samples become violations, for all thresholds: see `SlaPolicy` for what each one does. */
export const evaluationSchema = z.strictObject({
  minSamples: z.int().min(1).default(shipped.minSamples),
  coldStart: percent.prefault(`${shipped.coldStartPercent}%`),
  futureTolerance: durationOrZero.prefault(durationText(shipped.futureToleranceMs)),
  noDataPeriods: z.number().min(1).default(shipped.noDataPeriods),
  noDataAfter: duration.prefault(durationText(shipped.noDataAfterMs)),
  forgetAfter: duration.prefault(durationText(shipped.forgetAfterMs)),
  resolve: percent.prefault(`${shipped.resolvePercent}%`),
  resolveHoldWindows: z.number().nonnegative().default(shipped.resolveHoldWindows),
  hysteresis: percent.prefault(`${shipped.hysteresisPercent}%`),
  regression: z
    .strictObject({
      enabled: z.boolean().default(shipped.regression.enabled),
      recent: wholeMinutes.prefault(minutesText(shipped.regression.recentMinutes)),
      worse: percent.prefault(`${shipped.regression.worsePercent}%`),
      minZ: z.number().positive().default(shipped.regression.minZ),
      minBaseline: wholeMinutes.prefault(minutesText(shipped.regression.minBaselineMinutes)),
      adoptAfter: duration.prefault(durationText(shipped.regression.adoptAfterMs)),
    })
    .prefault({}),
  anomaly: z
    .strictObject({
      enabled: z.boolean().default(shipped.anomaly.enabled),
      minScore: z.number().min(0).max(1).default(shipped.anomaly.minScore),
    })
    .prefault({}),
});
type EvaluationConfig = z.output<typeof evaluationSchema>;

/** The evaluation's settings; `lateness` stands with the detector's others, since a backtest has none. */
export function slaPolicyOf(config: {
  readonly evaluation: EvaluationConfig;
  readonly detector: { readonly lateness: number };
}): SlaPolicy {
  const { regression, anomaly, ...given } = config.evaluation;
  return {
    minSamples: given.minSamples,
    coldStartPercent: given.coldStart,
    latenessMs: config.detector.lateness,
    futureToleranceMs: given.futureTolerance,
    noDataPeriods: given.noDataPeriods,
    noDataAfterMs: given.noDataAfter,
    forgetAfterMs: given.forgetAfter,
    resolvePercent: given.resolve,
    resolveHoldWindows: given.resolveHoldWindows,
    hysteresisPercent: given.hysteresis,
    regression: {
      enabled: regression.enabled,
      recentMinutes: regression.recent / MINUTE_MS,
      worsePercent: regression.worse,
      minZ: regression.minZ,
      minBaselineMinutes: regression.minBaseline / MINUTE_MS,
      adoptAfterMs: regression.adoptAfter,
    },
    anomaly,
  };
}
