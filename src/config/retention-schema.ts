import { z } from 'zod';
import { durationOrZero } from './duration.js';

/** How long the archive keeps what it has; `0s` for ever. Incidents that are open stay, however old. */
export const retentionSchema = z.strictObject({
  /** Resolved incidents, with their timelines and captured texts. */
  incidents: durationOrZero.prefault('90d'),
  reports: durationOrZero.prefault('90d'),
  /** Who did what. */
  audit: durationOrZero.prefault('365d'),
  /** Alerts, and the deliveries of their notifications. */
  alerts: durationOrZero.prefault('90d'),
  /** Answers to writes with an idempotency key: a repeated call within it is given the same one. */
  idempotencyKeys: durationOrZero.prefault('1d'),
});

/**
 * The log files of the parts that `start` runs. 40 MB for each in all: some days of normal logging, and
 * a bound on a bad night.
 */
export const logsSchema = z.strictObject({
  /** Bytes at which a part's file is rotated. */
  maxBytes: z.int().min(10_000).default(8_000_000),
  /** Old files that are kept of each part. */
  keep: z.int().min(1).max(1_000).default(4),
});
