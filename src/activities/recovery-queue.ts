import { createAlertActivities } from './alerts.js';
import { createBreakerActivities } from './breaker.js';
import type { World } from './world.js';
import { createPostActivities } from './post.js';
import { createRecoveryActivities } from './recovery.js';

/** All that workflows on the recovery queue ask for: a worker that lacks one leaves them waiting. */
export function createRecoveryQueueActivities(world: World) {
  return {
    ...createRecoveryActivities(world),
    ...createBreakerActivities(world),
    ...createAlertActivities(world),
    ...createPostActivities(world),
  };
}
