import { z } from 'zod';
import { SEVERITIES } from '../../domain/sla/severity.js';
import { limitOf, VIOLATION_TYPES, type Threshold } from '../../domain/sla/threshold.js';
import { fingerprintOf, type Violation } from '../../domain/sla/violation.js';
import { instant } from './push.js';

const name = z.string().min(1).max(200);
/** Evidence is kept with the incident; a dump belongs into a file that it names. */
const MAX_EVIDENCE_BYTES = 16 * 1024;

/** The body of `POST /v1/incidents`: an engine that knows by itself that it is in trouble. */
export const externalIncident = z.strictObject({
  type: z.enum(VIOLATION_TYPES),
  severity: z.enum(SEVERITIES),
  service: name,
  replica: name.optional(),
  /** The threshold that is broken, where it is one of ours: the incident is then the detector's own. */
  threshold: name.optional(),
  metric: name.optional(),
  value: z.number().optional(),
  evidence: z
    .record(z.string(), z.json())
    .default({})
    .refine(
      (given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_EVIDENCE_BYTES,
      `expected at most ${MAX_EVIDENCE_BYTES} bytes of evidence`,
    ),
  /** The same key again is the same report. */
  idempotencyKey: z.string().min(1).max(200),
  time: instant.optional(),
});
export type ExternalIncident = z.output<typeof externalIncident>;

/**
 * The violation that a report stands for. Its threshold is the one it names, else the first enabled
 * one of its metric, else of its type, so that it meets the incident that the detector would open;
 * without any it is `external-<type>`, with limit 0 in a unit of its own.
 */
export function violationOf(
  given: ExternalIncident,
  thresholds: readonly Threshold[],
  nowMs: number,
): Violation {
  const { type, severity, service, replica, value } = given;
  const enabled = thresholds.filter((threshold) => threshold.enabled);
  const threshold =
    enabled.find((one) => one.name === given.threshold) ??
    enabled.find((one) => one.metric === given.metric) ??
    enabled.find((one) => one.violationType === type);
  const scope = { service, replica };
  const common = {
    ...scope,
    violationType: type,
    severity,
    startedAtMs: given.time ?? nowMs,
    detectedAtMs: nowMs,
  };
  if (threshold === undefined) {
    const own = `external-${type}`;
    return {
      ...common,
      fingerprint: fingerprintOf(scope, own),
      threshold: own,
      metric: given.metric ?? own,
      value: value ?? 1,
      limit: 0,
      unit: 'reported',
      direction: 'upper',
      windowMs: 0,
    };
  }
  return {
    ...common,
    fingerprint: fingerprintOf(scope, threshold.name),
    threshold: threshold.name,
    metric: threshold.metric,
    value: value ?? limitOf(threshold),
    limit: limitOf(threshold),
    unit: threshold.unit,
    direction: threshold.direction,
    windowMs: threshold.windowMs,
  };
}
