import type { Registry } from './registry.js';

/** What one try of a delivery came to; `pending` will be tried again, `busy` waited for its turn. */
const TRY_RESULTS = ['delivered', 'pending', 'failed', 'skipped', 'busy'] as const;

/** A webhook on the same network takes some ms; a mail server, or a try that hangs, many seconds. */
const DELIVERY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What became of telling the dead-man's switch; `withheld` while something does not work. */
const BEAT_RESULTS = ['sent', 'withheld', 'failed'] as const;

/** Adds what the workers count of notifications. */
export const addNotifyMetrics = (registry: Registry) => ({
  tries: registry.counter(
    'paramedic_notification_tries_total',
    'Tries to deliver a notification, by what they came to.',
    { channel: 'bounded', result: TRY_RESULTS },
  ),
  heartbeats: registry.counter(
    'paramedic_heartbeats_total',
    'Times that the dead-man’s switch was due to be told, by result.',
    { result: BEAT_RESULTS },
  ),
  duration: registry.histogram(
    'paramedic_notification_try_duration_seconds',
    'Duration of one try to deliver a notification.',
    { channel: 'bounded' },
    DELIVERY_SECONDS,
  ),
});
