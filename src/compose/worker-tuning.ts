import type { WorkerOptions } from '@temporalio/worker';

/** What the workers of recoveries and analyses are tuned to; the benches measure with the same. */
export const WORKER_TUNING = {
  // After a worker's crash an update waits so long for the dead one (10 s by default). Where tasks queue
  // for longer, in a storm, each is replayed from its history's start, which is what makes them queue.
  stickyQueueScheduleToStartTimeout: '5s',
  // An abort is as fast as heartbeats are.
  maxHeartbeatThrottleInterval: '200ms',
  defaultHeartbeatThrottleInterval: '200ms',
  maxCachedWorkflows: 500,
} as const satisfies Partial<WorkerOptions>;
