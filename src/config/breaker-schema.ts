import { z } from 'zod';
import {
  BREAKER_KINDS,
  DEFAULT_BREAKERS,
  type BreakerKind,
  type BreakerSettings,
} from '../domain/recovery/breaker-kinds.js';
import { duration, durationText } from './duration.js';

/** One kind's settings, each left out taking the shipped one. */
const kind = (shipped: BreakerSettings) =>
  z
    .strictObject({
      /** Failures that open it. */
      failures: z.int().min(1).max(1_000).default(shipped.failureThreshold),
      /** Successes in a row, on trial, that close it. */
      successes: z.int().min(1).max(1_000).default(shipped.successThreshold),
      /** How long it stays open before the trial. */
      openFor: duration.prefault(durationText(shipped.openMs)),
      /** A failure older than this no longer counts. */
      failureWindow: duration.prefault(durationText(shipped.failureWindowMs)),
      /** Successes that make one failure good. */
      forgivingSuccesses: z.number().positive().default(shipped.forgivingSuccesses),
      /** Share of its weight on trial, percent. */
      halfOpenPercent: z.number().min(1).max(100).default(shipped.halfOpenPercent),
      /** Acts at the load balancer by its own rules; `false`: only told. */
      enforce: z.boolean().default(shipped.enforce),
      /** Failed trials in a row after which its replica has an incident; 0: never. */
      incidentAfterTrials: z.int().min(0).max(1_000).default(shipped.incidentAfterTrials),
    })
    .prefault({})
    .transform((given): BreakerSettings => ({
      failureThreshold: given.failures,
      successThreshold: given.successes,
      openMs: given.openFor,
      failureWindowMs: given.failureWindow,
      forgivingSuccesses: given.forgivingSuccesses,
      halfOpenPercent: given.halfOpenPercent,
      enforce: given.enforce,
      incidentAfterTrials: given.incidentAfterTrials,
    }));

const kinds = Object.fromEntries(
  BREAKER_KINDS.map((name) => [name, kind(DEFAULT_BREAKERS[name])]),
) as Record<BreakerKind, ReturnType<typeof kind>>;

/** Circuit breakers: one per kind and replica, and per kind and service. */
export const breakersSchema = z
  .strictObject({
    /** How often the load balancer's counters are read: an opening is as fast as this. */
    interval: duration.prefault('250ms'),
    /** How often what is in force is compared with what should be, while a breaker is not closed. */
    reconcile: duration.prefault('15s'),
    ...kinds,
  })
  .transform(({ interval, reconcile, ...given }) => ({ interval, reconcile, kinds: given }));

/** Health checks of each replica: the time between two, by the mode of operation. */
export const healthSchema = z.strictObject({
  normal: duration.prefault('1m'),
  highAlert: duration.prefault('30s'),
  emergency: duration.prefault('15s'),
  maintenance: duration.prefault('5m'),
  /** A check that takes longer has failed. */
  timeout: duration.prefault('10s'),
});
