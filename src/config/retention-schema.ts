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
