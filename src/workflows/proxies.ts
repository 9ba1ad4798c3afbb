/**
 * Every activity's timeouts and retries, and nowhere else.
 *
 * Local activities are short reads on the way to an action: they cost no round trip to the server.
 * What changes the fleet is an ordinary activity with a heartbeat, so that a worker's death is seen
 * after 3 s and an abort reaches it at once.
 */
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  AlertActivities,
  HeartbeatActivities,
  NotifyActivities,
  PostActivities,
  RcaActivities,
  RecoveryActivities,
} from '../activities/contract.js';
import type { BreakerActivities } from '../activities/breaker-contract.js';
import type { PlannedStep } from './messages.js';
import { RCA_QUEUE } from './rca-messages.js';
import { NOTIFY_QUEUE } from './notify-messages.js';

/** Reads on the way to an action: decided or refused within seconds. */
export const { planIncident, prepareStep, askTurn, giveTurn, ensureLease } =
  proxyLocalActivities<RecoveryActivities>({
    startToCloseTimeout: '5s',
    scheduleToCloseTimeout: '60s',
    retry: { initialInterval: '200ms', maximumInterval: '5s' },
  });

/** A signal to another workflow, on the queue of the one that sends it; no action waits for it. */
export const { deliver } = proxyActivities<PostActivities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

const acting: ActivityOptions = {
  heartbeatTimeout: '3s',
  // An undo must not start while the action may still be at work.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Applies a step, with its own bound and its own number of retries. */
export function applyStepOf(step: PlannedStep) {
  return proxyActivities<RecoveryActivities>({
    ...acting,
    startToCloseTimeout: step.timeoutMs,
    retry: {
      initialInterval: '500ms',
      maximumInterval: '10s',
      maximumAttempts: step.retries + 1,
    },
    summary: `${step.action} on ${step.target.replica ?? step.target.service}`,
  }).applyStep;
}

/** An undo is owed: it is tried for 5 min before a person is asked to do it. */
export const { undoStep } = proxyActivities<RecoveryActivities>({
  ...acting,
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '5m',
  retry: { initialInterval: '500ms', maximumInterval: '15s' },
});

const looking: ActivityOptions = {
  heartbeatTimeout: '5s',
  // It changes nothing: what comes next need not wait for it to hear of its end.
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** Waits for fresh samples; the caller bounds it by `untilMs`. */
export const { verifyStep } = proxyActivities<RecoveryActivities>({
  ...looking,
  startToCloseTimeout: '30m',
  retry: { initialInterval: '500ms', maximumInterval: '5s' },
});

/** Waits for a gate's condition; the caller bounds it by `untilMs`. */
export const { awaitCondition } = proxyActivities<RecoveryActivities>({
  ...looking,
  startToCloseTimeout: '2h',
  retry: { initialInterval: '500ms', maximumInterval: '5s' },
});

/** Written until it is written; nothing that matters waits for it. */
export const { record } = proxyActivities<RecoveryActivities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

export const { findEndedHolders } = proxyActivities<RecoveryActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 3 },
});

/** The alerts' settings, from the configuration in force. */
export const { alertSettings } = proxyLocalActivities<AlertActivities>({
  startToCloseTimeout: '5s',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

/** A monitor that does not answer within this time must not keep anybody asleep. */
export const { judgeAlert } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '20s',
  retry: { initialInterval: '500ms', maximumInterval: '2s' },
});

export const { recordAlert } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

export const { hasIncidentEnded } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

/** Evidence is taken when the incident opens; without it the analysis has less to go by. */
export const { captureEvidence } = proxyActivities<RcaActivities>({
  taskQueue: RCA_QUEUE,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '2m',
  retry: { initialInterval: '500ms', maximumInterval: '10s' },
});

export const { analyseIncident } = proxyActivities<RcaActivities>({
  taskQueue: RCA_QUEUE,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '20s',
  scheduleToCloseTimeout: '10m',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

/**
 * One delivery to one channel, tried for a day. When a fallback takes over is the channel's setting,
 * so the activity itself gives up. One try is bounded by the channel's own timeout, at most 30 s, after as much for its turn.
 */
export const { notify } = proxyActivities<NotifyActivities>({
  taskQueue: NOTIFY_QUEUE,
  startToCloseTimeout: '90s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
});

export const { recordDelivery } = proxyActivities<NotifyActivities>({
  taskQueue: NOTIFY_QUEUE,
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

/** What a breaker needs to know of the load balancer: read at each comparison, which comes again. */
export const { prepareBreaker } = proxyLocalActivities<BreakerActivities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '2s' },
});

/** Given up soon: the next comparison plans anew from what is so then. */
export const { applyBreaker } = proxyActivities<BreakerActivities>({
  ...acting,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumInterval: '2s' },
});

/** The next beat is the retry. */
export const { beat } = proxyActivities<HeartbeatActivities>({
  taskQueue: NOTIFY_QUEUE,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '30s',
  retry: { maximumAttempts: 1 },
});
