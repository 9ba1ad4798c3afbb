import { ApplicationFailure } from '@temporalio/common';
import type { PostActivities } from './contract.js';
import type { World } from './world.js';

/** Signals from one workflow to another, by way of this worker. */
export function createPostActivities({
  coordination,
}: Pick<World, 'coordination'>): PostActivities {
  return {
    async deliver(letter) {
      if (await coordination.deliver(letter)) return;
      throw ApplicationFailure.nonRetryable(`${letter.workflowId} does not run`, 'not-there');
    },
  };
}
